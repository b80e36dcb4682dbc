import { absorb, holdsHere, isArray, isObject, listOf, objectOf, textOf } from './schema-types.ts';
import type { Keyword, KeywordEntry, Run } from './schema-types.ts';

/** Keywords that apply further schemas to the same value. */

/** Every branch is looked at, also when one has decided: what it has seen counts. */
const allOf: Keyword = (run, argument) => listOf(argument).every((schema) => holdsHere(run, schema));

const anyOf: Keyword = (run, argument) => listOf(argument).filter((schema) => holdsHere(run, schema)).length > 0;

const oneOf: Keyword = (run, argument) => {
  const held = listOf(argument).flatMap((schema) => run.apply(schema, run.value) ?? []);
  return held.length === 1 && absorb(run, held[0]);
};

const conditional: Keyword = (run, argument) => {
  const branch = holdsHere(run, argument) ? 'then' : 'else';
  const schema = run.schema[branch];
  return schema === undefined || !Object.hasOwn(run.schema, branch) || holdsHere(run, schema);
};

const dependentRequired: Keyword = (run, argument) =>
  dependents(run, argument).every(([, names]) => hasAll(run, listOf(names).map(textOf)));

const dependentSchemas: Keyword = (run, argument) =>
  dependents(run, argument).every(([, schema]) => holdsHere(run, schema));

/** The older keyword for both; drafts that have the newer ones still mean the same by it. */
const dependencies: Keyword = (run, argument) =>
  dependents(run, argument).every(([, dependency]) =>
    isArray(dependency) ? hasAll(run, dependency.map(textOf)) : holdsHere(run, dependency),
  );

function dependents({ value }: Run, argument: Parameters<Keyword>[1]) {
  return isObject(value) ? Object.entries(objectOf(argument)).filter(([name]) => Object.hasOwn(value, name)) : [];
}

function hasAll({ value }: Run, names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => Object.hasOwn(value, name));
}

export const APPLICATORS: readonly KeywordEntry[] = [
  { name: 'allOf', holds: allOf },
  { name: 'anyOf', holds: anyOf },
  { name: 'oneOf', holds: oneOf },
  { name: 'not', holds: (run, argument) => run.apply(argument, run.value) === undefined },
  { name: 'if', from: 7, holds: conditional },
  { name: 'dependentRequired', from: 2019, holds: dependentRequired },
  { name: 'dependentSchemas', from: 2019, holds: dependentSchemas },
  { name: 'dependencies', holds: dependencies },
];
