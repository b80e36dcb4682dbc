import { fullFormats } from 'ajv-formats/dist/formats.js';

import type { JsonValue } from '../../protocol/canonical-json.ts';
import { isHostname, isIdnHostname, isPlainHostname } from './schema-hostname.ts';
import type { Draft } from './schema-types.ts';
import { isReference, isUri, isUriTemplate } from './schema-uri.ts';

/** Whether a value has a named format. Names that nobody knows, and other types of values, constrain nothing. */
export function meetsFormat(name: string, value: JsonValue, draft: Draft): boolean {
  if (typeof value !== 'string') return true;
  // The oldest drafts go by RFC 1123 alone, to which `xn--` is letters like others.
  if (name === 'hostname' && draft < 7) return isPlainHostname(value);
  return FORMATS.get(name)?.(value) ?? true;
}

type Check = (text: string) => boolean;

function checkOf(definition: unknown): Check | undefined {
  if (definition instanceof RegExp) return (text) => definition.test(text);
  if (typeof definition === 'function') return (text) => Boolean((definition as Check)(text));
  if (typeof definition !== 'object' || definition === null || !('validate' in definition)) return undefined;
  // number formats (int32, …) name the type they are about
  if ('type' in definition && definition.type === 'number') return undefined;
  return checkOf(definition.validate);
}

const known = (name: keyof typeof fullFormats): Check => checkOf(fullFormats[name]) ?? (() => true);
const isDate = known('date');
const isPlainEmail = known('email');
const isIpv6 = known('ipv6');
const isIpv4 = known('ipv4');

const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|([+-])(\d\d):(\d\d))$/i;

/** RFC 3339; a leap second only where it is one: at the end of a day in UTC. */
function isTime(text: string): boolean {
  const found = TIME.exec(text);
  if (found === null) return false;
  const at = (group: number): number => Number(found[group] ?? 0);
  if (at(1) > 23 || at(2) > 59 || at(3) > 60 || at(5) > 23 || at(6) > 59) return false;
  const ahead = (found[4] === '-' ? -1 : 1) * (at(5) * 60 + at(6));
  return at(3) < 60 || (at(1) * 60 + at(2) - ahead + 2_880) % 1_440 === 1_439;
}

function isDateTime(text: string): boolean {
  return /^[tT]$/.test(text.charAt(10)) && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

const DATE_PARTS = '(?:\\d+Y(?:\\d+M(?:\\d+D)?)?|\\d+M(?:\\d+D)?|\\d+D)';
const TIME_PARTS = 'T(?:\\d+H(?:\\d+M(?:\\d+S)?)?|\\d+M(?:\\d+S)?|\\d+S)';
/** RFC 3339, appendix A: no unit may be left out between two others. */
const DURATION = new RegExp(`^P(?:\\d+W|${DATE_PARTS}(?:${TIME_PARTS})?|${TIME_PARTS})$`);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function isRegex(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

const QUOTED = /^"(?:[ !#-[\]-~]|\\[ -~])*"$/;
const DOT_ATOM = /^[a-z\d!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z\d!#$%&'*+/=?^_`{|}~-]+)*$/i;

/** RFC 5321: quoted local parts and address literals besides the ordinary form. */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || !(QUOTED.test(local) || DOT_ATOM.test(local))) return false;
  const literal = /^\[(?:IPv6:(.+)|(.+))\]$/i.exec(domain);
  if (literal !== null) return literal[1] === undefined ? isIpv4(literal[2] ?? '') : isIpv6(literal[1]);
  return isPlainEmail(`a@${domain}`) || isHostname(domain);
}

/** RFC 6531: letters beyond ASCII on both sides. */
function isIdnEmail(text: string): boolean {
  if (isEmail(text)) return true;
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(0, at));
  return (IDN_LOCAL.test(local) || IDN_QUOTED.test(local)) && isIdnHostname(text.slice(at + 1).normalize('NFC'));
}

// Only the control characters of ASCII are out.
/* eslint-disable no-control-regex */
const IDN_LOCAL = /^[^\u0000-\u0020\u007f"(),:;<>@[\]\\]{1,64}$/u;
const IDN_QUOTED = /^"(?:[^\u0000-\u001f\u007f"\\]|\\[ -~])*"$/u;
/* eslint-enable no-control-regex */

const FORMATS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ...Object.entries(fullFormats).flatMap(([name, definition]): [string, Check][] => {
    const check = checkOf(definition);
    return check === undefined ? [] : [[name, check]];
  }),
  ['time', isTime],
  ['date-time', isDateTime],
  ['duration', (text) => DURATION.test(text)],
  ['uuid', (text) => UUID.test(text)],
  ['regex', isRegex],
  ['email', isEmail],
  ['idn-email', isIdnEmail],
  ['hostname', isHostname],
  ['idn-hostname', isIdnHostname],
  ['uri', (text) => isUri(text, 'uri')],
  ['iri', (text) => isUri(text, 'iri')],
  ['uri-reference', (text) => isReference(text, 'uri')],
  ['iri-reference', (text) => isReference(text, 'iri')],
  ['uri-template', isUriTemplate],
]);
