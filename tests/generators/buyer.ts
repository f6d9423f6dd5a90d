// Buys a ticket with the types that openapi-typescript makes of the description. It is checked, and not run.
import type { components, paths } from "./openapi";

type Schemas = components["schemas"];
type Body<Path extends keyof paths> = paths[Path] extends {
  post: { requestBody?: { content: { "application/json": infer Sent } } };
}
  ? Sent
  : never;
type Reply<Path extends keyof paths, Status extends number> = paths[Path] extends {
  post: { responses: { [key in Status]: { content: { "application/json": infer Shown } } } };
}
  ? Shown
  : never;

const base = "http://127.0.0.1:8080";

async function post<Shown>(path: keyof paths, body: unknown, token?: string): Promise<Shown> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
  const reply = await fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!reply.ok) {
    const problem = (await reply.json()) as Schemas["Problem"];
    throw new Error(`${problem.code}: ${problem.errors?.map((fault) => fault.parameter ?? fault.pointer)}`);
  }
  return (await reply.json()) as Shown;
}

export async function buy(event: Schemas["EventAnswer"]): Promise<string> {
  // No role and no locale: a default makes nothing mandatory.
  const account: Body<"/register"> = { username: "ann", password: "correct horse" };
  await post<Reply<"/register", 201>>("/register", account);
  const login: Body<"/login"> = { username: account.username, password: account.password };
  const session = await post<Reply<"/login", 200>>("/login", login);

  const kind = event.ticket_types[0];
  if (kind === undefined) throw new Error("nothing to buy");
  const wanted: Body<"/bookings"> = { event: event.id, tickets: [{ ticket_type: kind.id, quantity: 1 }] };
  const booking = await post<Reply<"/bookings", 201>>("/bookings", wanted, session.access_token);
  const status: "PENDING" | "CONFIRMED" | "CANCELLED" | "EXPIRED" = booking.status;
  const category: string | null = event.category;

  const card: Schemas["CardDetails"] = { number: "4242 4242 4242 4242", expiry: "12/40", cvv: "123" };
  const paying: Body<"/payments"> = { booking_id: booking.id, method: "card", details: card };
  const payment = await post<Reply<"/payments", 201>>("/payments", paying, session.access_token);
  const shown = await fetch(`${base}/bookings/${payment.booking_id}`, {
    headers: { Authorization: `Bearer ${session.access_token}` },
  });
  const paid = (await shown.json()) as Schemas["BookingAnswer"];
  return `${paid.tickets[0]?.code} ${status} ${category}`;
}

// What must be wrong is wrong.
// @ts-expect-error the password is missing
export const incomplete: Body<"/register"> = { username: "ann" };
// @ts-expect-error older values are in the other document
export const older: Body<"/register"> = { username: "ann", password: "correct horse", role: "User" };
// @ts-expect-error and so are older names
export const named = (event: Schemas["EventAnswer"]): number => event.max_tickets;
