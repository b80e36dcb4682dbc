/** URIs (RFC 3986), IRIs (RFC 3987) and templates (RFC 6570), by their grammars. No part of a pattern can match in two ways. */
type Kind = 'uri' | 'iri';

const PERCENT = '%[0-9A-Fa-f]{2}';
const UNRESERVED = 'A-Za-z0-9\\-._~';
const SUB_DELIMS = "!$&'()*+,;=";
const UCS = '\\u{A0}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFEF}\\u{10000}-\\u{EFFFD}';
const PRIVATE = '\\u{E000}-\\u{F8FF}\\u{F0000}-\\u{FFFFD}';

const DEC_OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4_END = new RegExp(`^${DEC_OCTET}(?:\\.${DEC_OCTET}){3}$`);

type Grammar = {
  readonly userinfo: RegExp;
  readonly name: RegExp;
  readonly path: RegExp;
  readonly query: RegExp;
  readonly fragment: RegExp;
};

function grammar(kind: Kind): Grammar {
  const letters = kind === 'iri' ? UNRESERVED + UCS : UNRESERVED;
  const of = (extra: string): RegExp => new RegExp(`^(?:[${letters}${SUB_DELIMS}${extra}]|${PERCENT})*$`, 'u');
  return {
    userinfo: of(':'),
    name: of(''),
    path: of(':@/'),
    query: of(`:@/?${kind === 'iri' ? PRIVATE : ''}`),
    fragment: of(':@/?'),
  };
}

const GRAMMARS: Readonly<Record<Kind, Grammar>> = { uri: grammar('uri'), iri: grammar('iri') };
const PARTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([^]*))?$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;

export function isUri(text: string, kind: Kind): boolean {
  const scheme = PARTS.exec(text)?.[1];
  return scheme !== undefined && isReference(text, kind);
}

export function isReference(text: string, kind: Kind): boolean {
  const parts = PARTS.exec(text);
  if (parts === null || text.startsWith(':')) return false;
  const [scheme, authority, path, query, fragment] = parts.slice(1) as (string | undefined)[];
  const known = GRAMMARS[kind];
  const isSpelled = (rule: RegExp, part: string | undefined): boolean => part === undefined || rule.test(part);
  return (
    isSpelled(SCHEME, scheme) &&
    isPlaced(authority, path, known) &&
    isSpelled(known.path, path) &&
    isSpelled(known.query, query) &&
    isSpelled(known.fragment, fragment)
  );
}

/** Without an authority the path cannot begin like one. */
function isPlaced(authority: string | undefined, path: string | undefined, known: Grammar): boolean {
  return authority === undefined ? path?.startsWith('//') !== true : isAuthority(authority, known);
}

function isAuthority(authority: string, { userinfo, name }: Grammar): boolean {
  const found = /^(?:([^@]*)@)?(\[[^\]]*\]|[^:@[\]]*)(?::(\d*))?$/.exec(authority);
  if (found === null) return false;
  const [, user = '', host = ''] = found;
  return userinfo.test(user) && (host.startsWith('[') ? isLiteral(host.slice(1, -1)) : name.test(host));
}

function isLiteral(address: string): boolean {
  if (/^[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/.test(address)) return true;
  const groups = address.split(':');
  const last = groups.at(-1) ?? '';
  const dotted = last.includes('.');
  if (dotted && !IPV4_END.test(last)) return false;
  const plain = dotted ? [...groups.slice(0, -1), '0', '0'] : groups;
  return isHextets(plain);
}

function isHextets(groups: readonly string[]): boolean {
  const text = groups.join(':');
  const compressed = text.split('::').length - 1;
  const filled = groups.filter((group) => group !== '');
  if (compressed > 1 || text.includes(':::') || !filled.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group)))
    return false;
  if (compressed === 0) return groups.length === 8 && filled.length === 8;
  return filled.length <= 7;
}

const VARIABLE_CHAR = `(?:[A-Za-z0-9_]|${PERCENT})`;
const VARIABLE = `${VARIABLE_CHAR}(?:\\.?${VARIABLE_CHAR})*(?:\\*|:[1-9]\\d{0,3})?`;
const EXPRESSION = `\\{[+#./;?&=,!@|]?${VARIABLE}(?:,${VARIABLE})*\\}`;
const LITERAL = `[!#$&'()*+,\\-./0-9:;=?@A-Z[\\]_a-z~${UCS}${PRIVATE}]`;
const TEMPLATE = new RegExp(`^(?:${LITERAL}|${PERCENT}|${EXPRESSION})*$`, 'u');

export function isUriTemplate(text: string): boolean {
  return TEMPLATE.test(text);
}
