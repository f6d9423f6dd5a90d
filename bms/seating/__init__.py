"""Reserved seating without a database: plans, and who is to sit where.

A plan is drawn as a *layout*, JSON in the format ``bms-plan/1`` (``plan.schema.json``, which
``schema.schema_bytes`` returns as ``/schemas/seating-plan.json`` answers it). Whole layouts are large, so all
work on them runs in a process of its own: ``await Worker().run(jobs.read_draft, body)``. A fourth at a
time is ``Overloaded`` (503).

From a drawing to an event::

    draft = await plans.run(jobs.read_draft, body)             # or import_draft, generate_draft
    draft.faults                                               # all of them, each with its pointer
    version = await plans.run(jobs.publish_draft, draft.layout, latest)   # numbers the seats, for good
    chart = await plans.run(jobs.chart_of, version.layout)     # once a version; events share it
    chart.pinned()                                             # the rows of an event's seats
    seat_map = SeatMap(chart, rows, sequence=n)                # once an event: its rows as (seat_no, state)
    seat_map.pool(categories)                                  # once a ticket type, or its first buyer waits

``jobs.PlanRefused`` is raised for what makes no plan at all. Its ``faults`` are the problem's ``errors``.

A group of bookings, under the event's ``event_seating`` row::

    with seat_map.judging:                                     # nobody else changes the map meanwhile
        seat_map.apply(sequence, rows)                         # rows with changed > seat_map.sequence
        with seat_map.trial() as trial:
            picked = judge_picks(trial, [Picks(guids, categories, pointer)], rule=..., seconds_to_start=...)
            trial.take(no for line in picked.seats for no in line)
            found = find_for_lines(trial, [Ask(4, categories, Best(...))], standing)    # takes what it finds
    # The trial has given all back: the map changes by what is read from the database, never by what is
    # about to be written.

The ``categories`` of a line are those that its ticket type sells, by number (``chart.category_number``). The
refusals (``bms.errors``) are errors of the API as they are; a refused ask takes nothing. ``chart.seats`` has
the labels for people, the entrance among them. ``Found.standing``: there are no seats, the party stands.

For readers: ``seat_map.snapshot().render(plan_version, {category: {"price_from": ...}})`` is the
availability, as JSON and compressed, made once a step. ``seat_map.changes_since(sequence)`` are the changes,
or None for all of it. Neither waits for a trial.

===================  ======================================================================================
``terms``            kinds of seats and their bits, states, bounds
``schema``           the JSON Schema
``check``            every fault of a layout: ``structure`` by the schema, ``texts``, ``rules``
``reading``          a document from bytes; ``walk``: the seats of a layout in document order
``worker, jobs``     a process of its own, and what is done in it
``forms``            import and export: own JSON, ``pretix_form``, ``csv_form``
``drafts, edits``    a drawing with its faults; ``repair`` of some; ``picture``; ``differences`` of versions
``generator``        layouts of rows and seats; ``demo``: a theatre, an arena, a stadium
``numbering``        the ``no`` of each seat
``chart``            a published plan in memory, made by ``charting``; ``guids`` and ``ranks`` of its seats
``outline``          what a client draws before it has all seats; ``sheets``: what the site's pages draw
``seat_map``         the states of an event's seats; ``pool``: the index of what is free; ``availability``
``asks, ladder``     the best available seats; ``blocks``, ``bays`` for wheelchairs, ``lines`` of a booking
``picks, orphans``   seats that people pick themselves
===================  ======================================================================================
"""
