/** Whether anything in parsed JSON has a key that would reach a prototype where objects are merged carelessly. */
export function hasPrototypeKeys(value: unknown): boolean {
  const waiting: unknown[] = [value];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    if (Object.hasOwn(node, '__proto__') || reachesPrototype(node)) return true;
    for (const item of Object.values(node)) if (typeof item === 'object' && item !== null) waiting.push(item);
  }
  return false;
}

function reachesPrototype(node: object): boolean {
  const made: unknown = Object.hasOwn(node, 'constructor') ? node.constructor : undefined;
  return typeof made === 'object' && made !== null && Object.hasOwn(made, 'prototype');
}
