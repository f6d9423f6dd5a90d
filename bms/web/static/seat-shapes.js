// What the map is made of: elements of SVG, boxes around seats, and the shapes of seats.

export const make = (parent, name, attributes = {}, text = "") => {
  const one = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) one.setAttribute(key, attributes[key]);
  one.textContent = text;
  parent.append(one);
  return one;
};
export const boxOf = (seats) => {
  const xs = seats.map((seat) => seat.x), ys = seats.map((seat) => seat.y), left = Math.min(...xs), top = Math.min(...ys);
  return [left, top, Math.max(...xs) - left, Math.max(...ys) - top];
};
const { port1, port2 } = new MessageChannel();
export const pause = () => new Promise((done) => ((port1.onmessage = done), port2.postMessage(0)));
// The shapes of the legend, ``by`` times as large. The flags of arcs stay.
export const shapesOf = (by) => {
  const grow = (part) => (part[0] === " " ? part : Math.round(part * by * 10) / 10);
  const grown = (path) => path.getAttribute("d").slice(4).replace(/ 0 [01] [01](?=[ -])|-?[0-9.]+/g, grow);
  return Object.fromEntries([...document.querySelectorAll("[data-shape]")].map((path) => [path.dataset.shape, grown(path)]));
};
// What a free seat looks like, by the first of its kinds that has a shape.
export const shapeOf = ({ kinds }) => (kinds & 1 ? "wheelchair" : kinds & 2 ? "companion" : kinds & 128 ? "restricted" : "free");
