SELECT
  e.id,
  e.starts_at AS position
FROM events AS e
WHERE
  e.status = CAST(? AS varchar)
  AND e.venue_id IN (
    SELECT
      v.id
    FROM venues AS v
    WHERE
      LOWER(v.city) = LOWER(CAST(? AS varchar))
  )
  AND (
    (e.starts_at + 0 * INTERVAL '1 day') <= CAST(? AS timestamp(3))
    AND (
      (e.starts_at + 0 * INTERVAL '1 day') < CAST(? AS timestamp(3)) OR e.id < CAST(? AS bigint)
    )
    AND (e.starts_at + 0 * INTERVAL '1 day') >= CAST(? AS timestamp(3))
  )
  AND CASE
    WHEN e.status = CAST(? AS varchar)
    AND e.starts_at >= CAST(? AS timestamp(3))
    AND e.starts_at <= CAST(? AS timestamp(3))
    AND CASE WHEN e.timezone = 'UTC' THEN CAST(e.starts_at AS date) ELSE e.local_date END >= CAST(? AS date)
    AND CASE WHEN e.timezone = 'UTC' THEN CAST(e.starts_at AS date) ELSE e.local_date END <= CAST(? AS date)
    AND (
      CAST(? AS smallint) = 1
      OR NOT (
        COALESCE(e.ends_at, e.starts_at) <= CASE
          WHEN e.ends_at IS NULL
          THEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-24) * INTERVAL '1 hour')
          ELSE CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
        END
      )
    )
    AND e.price_from <= CAST(? AS numeric)
    AND (
      CAST(? AS bigint) IS NULL OR e.venue_id = CAST(? AS bigint)
    )
    AND (
      CAST(? AS bigint) IS NULL OR e.organizer_id = CAST(? AS bigint)
    )
    AND (
      CAST(? AS bigint) IS NULL OR e.category_id = CAST(? AS bigint)
    )
    AND (
      CAST(? AS varchar) IS NULL
      OR e.venue_id IN (
        SELECT
          v.id
        FROM venues AS v
        WHERE
          LOWER(v.city) = LOWER(CAST(? AS varchar))
      )
    )
    AND (
      CAST(? AS varchar) IS NULL
      OR e.venue_id IN (
        SELECT
          v.id
        FROM venues AS v
        WHERE
          (
            LOWER(v.city) = LOWER(CAST(? AS varchar)) OR LOWER(v.name) LIKE LOWER(CAST(? AS varchar)) ESCAPE '!'
          )
      )
      OR LOWER(e.address) LIKE LOWER(CAST(? AS varchar)) ESCAPE '!'
    )
    AND (
      CAST(? AS smallint) = 1
      OR (
        SELECT
          u.is_active
        FROM users AS u
        WHERE
          u.id = e.organizer_id
      ) = 1
    )
    AND (
      CAST(? AS smallint) = 0
      OR (
        (
          e.status = 'PUBLISHED'
          AND (
            e.sales_start IS NULL
            OR e.sales_start <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
          )
          AND COALESCE(e.sales_end, e.starts_at) > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
          AND NOT (
            COALESCE(e.ends_at, e.starts_at) <= CASE
              WHEN e.ends_at IS NULL
              THEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-24) * INTERVAL '1 hour')
              ELSE CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
            END
          )
        )
        AND (
          SELECT
            COUNT(*)
          FROM ticket_types AS tt
          WHERE
            tt.event_id = e.id
            AND tt.on_sale = 1
            AND tt.available > 0
            AND (
              tt.seated = 0
              OR (
                SELECT
                  SUM(c.free)
                FROM event_category_types AS t
                INNER JOIN event_categories AS c
                  ON c.event_id = t.event_id AND c.category_no = t.category_no
                WHERE
                  t.event_id = tt.event_id AND t.ticket_type_id = tt.id
              ) > 0
            )
        ) > 0
      )
    )
    THEN 1
    ELSE 0
  END <> 0
ORDER BY
  (e.starts_at + 0 * INTERVAL '1 day') DESC NULLS LAST,
  e.id DESC
LIMIT CAST(? AS bigint)
-- takes: @status, @city, @after, @after, @after_id, @earliest, @status, @earliest, @latest, @first_day, @last_day, @with_over, @price_max, @venue_id, @venue_id, @organizer_id, @organizer_id, @category_id, @category_id, @city, @city, @place, @place, @place_pattern, @place_pattern, @with_barred, @available_only, @limit
