// The people of bench/locustfile.py for k6: those who look around, those who buy, those who run events, and a crowd.
//
//     k6 run -e HOST=http://127.0.0.1:8080 bench/k6.js
//     k6 run -e PEOPLE=browser,buyer -e EVENT=3 -e USERS=50 -e DURATION=60s bench/k6.js
//     k6 run -e PEOPLE=stampede -e EVENT=3 -e CROWD=400 bench/k6.js
//
// USERS (20) are shared out among PEOPLE as in locust; they come during ARRIVAL (20s) and stay for DURATION (40s). In a
// stampede of CROWD_SECONDS (120) a quarter of the CROWD (200) gathers, then all rush in, and a tenth stays.
// MOST_TICKETS (2) is what one booking may ask for.
//
// The run fails where nobody answers or nothing is on sale, and where more than one answer in a hundred is not one that
// the contract has.

import http from 'k6/http';
import { check, fail, sleep } from 'k6';

const HOST = __ENV.HOST || 'http://127.0.0.1:8080';
const EVENT = __ENV.EVENT;
const USERS = Number(__ENV.USERS || 20);
const CROWD = Number(__ENV.CROWD || 200);
const CROWD_SECONDS = Number(__ENV.CROWD_SECONDS || 120);
const ARRIVAL = __ENV.ARRIVAL || '20s';
const MOST_TICKETS = Number(__ENV.MOST_TICKETS || 2);
const PASSWORD = 'correct horse battery';
const GOOD_CARD = '4242424242424242';
const DECLINED_CARD = '4000000000000002';
const SEARCHES = ['', '?available=true', '?category=concert', '?city=Utrecht', '?sort=price'];
const WEIGHTS = { browser: 5, buyer: 10, organiser: 1 };

function scenarios() {
  const who = (__ENV.PEOPLE || 'browser,buyer,organiser').split(',');
  if (who.includes('stampede')) {
    const share = (seconds) => `${Math.ceil((seconds * CROWD_SECONDS) / 120)}s`;
    const stages = [
      { duration: share(30), target: Math.ceil(CROWD / 4) },
      { duration: share(10), target: CROWD },
      { duration: share(50), target: CROWD },
      { duration: share(5), target: Math.ceil(CROWD / 10) },
      { duration: share(25), target: Math.ceil(CROWD / 10) },
    ];
    return { stampede: { executor: 'ramping-vus', exec: 'stampede', startVUs: 0, stages } };
  }
  const all = who.reduce((sum, name) => sum + WEIGHTS[name], 0);
  const made = {};
  for (const name of who) {
    const target = Math.max(1, Math.round((USERS * WEIGHTS[name]) / all));
    const stages = [{ duration: ARRIVAL, target }, { duration: __ENV.DURATION || '40s', target }];
    made[name] = { executor: 'ramping-vus', exec: name, startVUs: 0, stages };
  }
  return made;
}

export const options = { scenarios: scenarios(), thresholds: { checks: ['rate>0.99'] } };

export function setup() {
  const answer = http.get(EVENT ? `${HOST}/events/${EVENT}` : `${HOST}/events?available=true&limit=200`);
  if (answer.status !== 200) fail(`${HOST} answers ${answer.status}, not as BMS does`);
  const found = EVENT ? [answer.json()] : answer.json();
  const open = found.filter((event) => event.on_sale && event.ticket_types.some((kind) => kind.available > 0));
  if (open.length === 0) fail(`There is nothing to buy at ${HOST}: begin with demo data or an event on sale.`);
  const seen = open.map((event) => ({ id: event.id, types: event.ticket_types.map((kind) => kind.id) }));
  return __ENV.PEOPLE === 'stampede' ? seen.slice(0, 1) : seen;
}

// What one person remembers from one round to the next.
const self = { token: '', refresh: '', confirmed: [], own: [] };

function any(list) {
  return list[Math.floor(Math.random() * list.length)];
}

function call(method, path, wanted, id, body) {
  const headers = { 'Content-Type': 'application/json' };
  if (self.token) headers.Authorization = `Bearer ${self.token}`;
  if (method === 'POST') headers['Idempotency-Key'] = `${__VU}-${__ITER}-${Math.random()}`;
  const url = `${HOST}${path.replace(/\{\w+\}/, id)}`;
  const answer = http.request(method, url, body === undefined ? null : JSON.stringify(body), {
    headers,
    tags: { name: path.split('?')[0] },
  });
  const ok = check(answer, { [`${method} ${path.split('?')[0]}`]: (it) => wanted.includes(it.status) });
  return ok && answer.body ? answer.json() : {};
}

function signIn(role) {
  if (self.token) return;
  const username = `k6-${__VU}-${Date.now()}`;
  const email = `${username}@example.com`;
  call('POST', '/register', [201], 0, { username, name: 'A Visitor', email, password: PASSWORD, role });
  keep(call('POST', '/login', [200], 0, { username, password: PASSWORD }));
}

function keep(answer) {
  self.token = answer.access_token || '';
  self.refresh = answer.refresh_token || '';
}

function refresh() {
  keep(call('POST', '/token/refresh', [200], 0, { refresh_token: self.refresh }));
}

function lookAround() {
  if (EVENT) call('GET', '/events/{id}', [200], EVENT);
  else call('GET', `/events${any(SEARCHES)}`, [200], 0);
}

function pay(id, number, wanted) {
  const details = { number, expiry: '12/40', cvv: '123', holder: 'A Visitor' };
  return call('POST', '/payments', wanted, 0, { booking_id: id, method: 'card', details }).status === 'SUCCEEDED';
}

function buy(onSale) {
  const event = any(onSale);
  const tickets = [{ ticket_type: any(event.types), quantity: 1 + Math.floor(Math.random() * MOST_TICKETS) }];
  // 409: sold out, not on sale, or more than one person may have.
  const booking = call('POST', '/bookings', [201, 409], 0, { event: event.id, tickets });
  if (booking.status === 'CONFIRMED') self.confirmed.push(booking.id);
  if (booking.status !== 'PENDING') return;
  const chance = Math.random();
  if (chance < 0.1) call('POST', '/bookings/{id}/cancel', [200], booking.id, {});
  else if (chance < 0.9) {
    if (chance < 0.2) pay(booking.id, DECLINED_CARD, [402]);
    if (pay(booking.id, GOOD_CARD, [201])) self.confirmed.push(booking.id);
  }
}

function does(tasks) {
  let left = Math.random() * tasks.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, task] of tasks) {
    left -= weight;
    if (left < 0) return task();
  }
  return undefined;
}

function thinks() {
  sleep(0.5 + Math.random() * 2);
}

// Somebody without an account, who only looks.
export function browser(onSale) {
  const look = () => {
    const { id } = any(onSale);
    call('GET', '/events/{id}', [200], id);
    call('GET', '/reviews/{id}', [200], id);
  };
  does([[2, lookAround], [3, look]]);
  thinks();
}

// Somebody who holds tickets, mostly pays and sometimes cancels.
export function buyer(onSale) {
  signIn('USER');
  does([
    [10, lookAround],
    [10, () => call('GET', '/events/{id}', [200], any(onSale).id)],
    [6, () => buy(onSale)],
    [3, () => call('GET', '/bookings', [200], 0)],
    [1, () => self.confirmed.length && call('POST', '/bookings/{id}/cancel', [200], self.confirmed.pop(), {})],
    [1, refresh],
  ]);
  thinks();
}

// Somebody who puts events on sale and watches them. Registration as EVENT_MANAGER must be open.
export function organiser() {
  signIn('EVENT_MANAGER');
  const watch = () => {
    const id = any(self.own);
    call('GET', '/events/{id}/stats', [200], id);
    call('GET', '/events/{id}/bookings', [200], id);
  };
  const change = () =>
    call('PATCH', '/events/{id}', [200], any(self.own), { description: `Changed by a load test: ${Date.now()}.` });
  if (self.own.length === 0) create();
  else does([[1, create], [5, watch], [1, change], [1, refresh]]);
  thinks();
}

function create() {
  const name = `Hall ${__VU}-${Date.now()}`;
  const venue = call('POST', '/venues', [201], 0, { name, location: '1 Main Street', capacity: 500 });
  if (!venue.id) return;
  const days = 20 + Math.floor(Math.random() * 180);
  const made = call('POST', '/events', [201], 0, {
    title: 'An evening of load',
    description: 'Made by a load test.',
    venue: venue.id,
    starts_at: new Date(Date.now() + days * 86400000).toISOString(),
    price: '25.00',
  });
  if (made.id) self.own.push(made.id);
}

// Somebody who asks for tickets again and again without thinking.
export function stampede(onSale) {
  signIn('USER');
  buy(onSale);
  sleep(0.2);
}
