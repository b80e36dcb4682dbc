import { SCHEMAS } from './schema.ts';
import type { Field, FieldType, FieldValue, SchemaName } from './schema.ts';
import type {
  AnswerLeaf,
  CommitSet,
  Evaluation,
  EvaluationCommit,
  EpochAttestation,
  GoldLeaf,
  Hex,
  NodeAttestation,
  OperatorAuth,
  PoqRecord,
  Receipt,
  RewardLeaf,
  TableLeaf,
} from './types.ts';

/** JSON form of the protocol's structs: integers above 32 bits are decimal strings, hex is lower case. */
export type Structs = {
  readonly receipt: Receipt;
  readonly answer: AnswerLeaf;
  readonly record: PoqRecord;
  readonly reward: RewardLeaf;
  readonly gold: GoldLeaf;
  readonly table: TableLeaf;
  readonly nodeAttestation: NodeAttestation;
  readonly evaluation: Evaluation;
  readonly evaluationCommit: EvaluationCommit;
  readonly commitSet: CommitSet;
  readonly epochAttestation: EpochAttestation;
  readonly operatorAuth: OperatorAuth;
};

export type StructJson = { readonly [field: string]: string | number };

const BITS: Readonly<Record<FieldType, number>> = {
  bytes32: 256,
  address: 160,
  uint8: 8,
  uint16: 16,
  uint32: 32,
  uint64: 64,
  uint128: 128,
};

const HEX_FORMS = { bytes32: /^0x[0-9a-fA-F]{64}$/, address: /^0x[0-9a-fA-F]{40}$/ } as const;

export function encodeStruct<Name extends SchemaName>(name: Name, value: Structs[Name]): StructJson {
  const source = value as unknown as Readonly<Record<string, FieldValue>>;
  const json: Record<string, string | number> = {};
  for (const field of SCHEMAS[name].fields) json[field.name] = encodeField(name, field, source[field.name]);
  return json;
}

function encodeField(name: string, field: Field, value: FieldValue | undefined): string | number {
  if (value === undefined) throw new TypeError(`${name}.${field.name} is missing`);
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'string' ? value.toLowerCase() : value;
}

const sortedFields = new Map<SchemaName, readonly Field[]>();

/** In the order of canonical JSON. */
function sorted(name: SchemaName): readonly Field[] {
  const known = sortedFields.get(name);
  if (known !== undefined) return known;
  const fields = SCHEMAS[name].fields.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  sortedFields.set(name, fields);
  return fields;
}

/** `canonicalJson(encodeStruct(name, value))`. No field has anything in it that JSON would escape. */
export function structText<Name extends SchemaName>(name: Name, value: Structs[Name]): string {
  const source = value as unknown as Readonly<Record<string, FieldValue>>;
  let text = '{';
  for (const field of sorted(name)) {
    const json = encodeField(name, field, source[field.name]);
    text += `${text.length === 1 ? '' : ','}"${field.name}":${typeof json === 'string' ? `"${json}"` : json}`;
  }
  return `${text}}`;
}

/**
 * Reads a struct from untrusted JSON. Extra fields are dropped.
 * @throws TypeError naming the first field that is missing, of the wrong form, or out of range.
 */
export function decodeStruct<Name extends SchemaName>(name: Name, json: unknown): Structs[Name] {
  if (typeof json !== 'object' || json === null) throw new TypeError(`${name}: an object is expected`);
  const source = json as Readonly<Record<string, unknown>>;
  const value: Record<string, FieldValue> = {};
  for (const field of SCHEMAS[name].fields) value[field.name] = decodeField(name, field, source[field.name]);
  return value as unknown as Structs[Name];
}

function decodeField(name: string, field: Field, value: unknown): FieldValue {
  const decoded = parseField(field.type, value);
  if (decoded === undefined) throw new TypeError(`${name}.${field.name}: not a valid ${field.type}`);
  return decoded;
}

function parseField(type: FieldType, value: unknown): FieldValue | undefined {
  const bits = BITS[type];
  if (type === 'bytes32' || type === 'address') {
    return typeof value === 'string' && HEX_FORMS[type].test(value) ? (value.toLowerCase() as Hex) : undefined;
  }
  if (bits <= 32) return isUint(value, bits) ? value : undefined;
  return typeof value === 'string' ? parseDecimal(value, bits) : undefined;
}

function isUint(value: unknown, bits: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** bits;
}

function parseDecimal(text: string, bits: number): bigint | undefined {
  if (!/^(?:0|[1-9][0-9]{0,38})$/.test(text)) return undefined;
  const integer = BigInt(text);
  return integer >> BigInt(bits) === 0n ? integer : undefined;
}
