import pg from 'pg';
import type { CustomTypesConfig } from 'pg';

type Parse = (text: string) => unknown;

const OID = {
  int8: 20,
  json: 114,
  jsonb: 3802,
  numeric: 1700,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
} as const;

const ARRAY_OID: Record<keyof typeof OID, number> = {
  int8: 1016,
  json: 199,
  jsonb: 3807,
  numeric: 1231,
  date: 1182,
  timestamp: 1115,
  timestamptz: 1185,
  interval: 1187,
};

/** text[]; the driver's own parser splits any array's text into its elements' texts. */
const TEXT_ARRAY_OID: number = 1009;

const asItIs: Parse = (text) => text;

const wholeNumber: Parse = (text) => {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
};

/** `2026-01-02 03:04:05.123456+00` (both adapters run in UTC) → `2026-01-02T03:04:05.123Z`; `infinity` and years before Christ stay as they are. */
const instantText = (text: string): string => {
  if (!text.endsWith('+00') || text.charCodeAt(4) !== 45) return text;
  const fraction = text.slice(20, -3).slice(0, 3).padEnd(3, '0');
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction}Z`;
};

const scalar: Record<keyof typeof OID, Parse> = {
  int8: wholeNumber,
  json: JSON.parse,
  jsonb: JSON.parse,
  numeric: asItIs,
  date: asItIs,
  timestamp: asItIs,
  timestamptz: instantText,
  interval: asItIs,
};

const parsers = new Map<number, Parse>();
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the driver's enum leaves the types of arrays out
const splitArray: Parse = pg.types.getTypeParser(TEXT_ARRAY_OID);

function eachOf(parse: Parse): Parse {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    return typeof value === 'string' ? parse(value) : value;
  };
  return (text) => walk(splitArray(text));
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a literal
for (const name of Object.keys(OID) as (keyof typeof OID)[]) {
  parsers.set(OID[name], scalar[name]);
  parsers.set(ARRAY_OID[name], eachOf(scalar[name]));
}

/** The one set of parsers that both adapters use. */
export const types: CustomTypesConfig = {
  // oxlint-disable-next-line typescript/no-explicit-any -- the driver's own signature
  getTypeParser: (oid: number, format?: any): any =>
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the same
    (format === 'binary' ? undefined : parsers.get(oid)) ?? pg.types.getTypeParser(oid, format),
};

/** The driver writes a `Date` in the machine's own time zone; an ISO text means the same on every machine. */
export function parametersOf(values: readonly unknown[]): unknown[] {
  return values.map((value) => (value instanceof Date ? value.toISOString() : value));
}
