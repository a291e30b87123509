import { createReadStream } from 'node:fs';
import { emailKey } from '@directory/contract';
import type { User } from '@directory/contract';
import { createUserBody } from '@directory/contract/schema';
import { createUuidv7 } from '@lockstep/protocol';
import { breakFeed } from '@lockstep/server';
import type { Database } from '@lockstep/server';
import { parse } from 'csv-parse';
import { creationOf, newUser } from './db/person.ts';
import type { Tables } from './db/tables.ts';
import { insertMany, takenEmails } from './features/people/index.ts';
import { recordMovements } from './features/statistics/index.ts';
import { numberMember, textMember } from './members.ts';
import type { World } from './ports.ts';
import { createRecorders } from './recorders.ts';
import { bySystem } from './records.ts';
import { StartRefused } from './start-refused.ts';

const chunk = 2_000;
const columns = ['name', 'email', 'role', 'language', 'theme', 'notifications'] as const;
type Column = (typeof columns)[number];

interface CsvLine {
  record: string[];
  info: { lines: number };
}

/**
 * Loads people at start, all of them or none. Whoever has the address of somebody in the directory stays as they are, so
 * that a start may be repeated.
 */
export async function importPeople(
  database: Database<Tables>,
  users: readonly User[],
  world: World,
): Promise<{ created: number; kept: number }> {
  const { history, audit } = createRecorders(database, world);
  const provenance = bySystem('import-at-start', new Date(world.now()).toISOString());
  return database.transaction(async (tx) => {
    let kept = 0;
    for (let at = 0; at < users.length; at += chunk) {
      const part = users.slice(at, at + chunk);
      const taken = await takenEmails(
        tx,
        part.map(({ email }) => email),
      );
      const fresh = part.filter(({ email }) => !taken.has(emailKey(email)));
      kept += part.length - fresh.length;
      if (fresh.length === 0) continue;
      await insertMany(tx, fresh, { demo: false });
      const made = fresh.map(creationOf);
      const records = [...history.record(provenance, made), ...recordMovements(provenance, made)];
      for (const query of records) await tx.executeQuery(query);
    }
    const created = users.length - kept;
    // Clients that were here before learn of so many people by reading anew.
    if (created > 0) {
      await tx.executeQuery(audit.note(provenance, { action: 'users.imported', details: { created, kept } }));
      await breakFeed(tx);
    }
    return { created, kept };
  });
}

/** Reads all people of a CSV file; throws a `StartRefused` that names the line at fault. */
export async function readPeople(path: string, world: World): Promise<User[]> {
  const refuse = (line: number | null, what: string) =>
    new StartRefused('import-unreadable', `${path}${line === null ? '' : `, line ${line}`}: ${what}.`);
  const now = new Date(world.now()).toISOString();
  const newId = createUuidv7(
    () => world.now(),
    (count) => world.randomBytes(count),
  );
  const lineOf = new Map<string, number>();
  const users: User[] = [];
  let header: Column[] | null = null;
  const file = createReadStream(path);
  const rows = file.pipe(parse({ bom: true, info: true, skip_empty_lines: true }));
  // A pipe does not carry the failure of its source.
  file.on('error', (error) => rows.destroy(error));
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is what `info: true` makes of a record
    for await (const { record, info } of rows as AsyncIterable<CsvLine>) {
      const line = info.lines;
      if (header === null) {
        header = readHeader(record, (what) => refuse(line, what));
        continue;
      }
      const person = readPerson(new Map(header.map((name, at) => [name, record[at]?.trim() ?? ''])));
      if (typeof person === 'string') throw refuse(line, person);
      const before = lineOf.get(emailKey(person.email));
      if (before !== undefined)
        throw refuse(line, `the address ${person.email} stands in line ${before} already`);
      lineOf.set(emailKey(person.email), line);
      users.push(newUser({ ...person, id: newId(), now }));
    }
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    const message = textMember(error, 'message') ?? '';
    throw refuse(
      numberMember(error, 'lines') ?? null,
      `it cannot be read as CSV (${message.split('\n', 1)[0]?.replace(/\.$/, '') ?? ''})`,
    );
  }
  if (header === null) throw refuse(null, 'it is empty; the first line names the columns');
  return users;
}

function readHeader(record: readonly string[], refuse: (what: string) => StartRefused): Column[] {
  const header = record.map((cell) => {
    const text = cell.trim().toLowerCase();
    const column = columns.find((name) => name === text);
    if (column === undefined) throw refuse(`"${text}" is no column; the columns are ${columns.join(', ')}`);
    return column;
  });
  for (const name of ['name', 'email'] as const) {
    if (!header.includes(name)) throw refuse(`the column ${name} is missing from the first line`);
  }
  return header;
}

type Person = Pick<User, 'name' | 'email'> & {
  role?: User['role'];
  preferences?: Partial<User['preferences']>;
};

/** The person, or what is wrong with the line. */
function readPerson(cells: ReadonlyMap<Column, string>): Person | string {
  /** An empty cell is no value. */
  const given = (name: Column) => {
    const value = cells.get(name);
    return value === undefined || value === '' ? {} : { [name]: value };
  };
  const notifications = cells.get('notifications') ?? '';
  if (!['', 'true', 'false'].includes(notifications)) {
    return `notifications: expected true or false, received "${notifications}"`;
  }
  const read = createUserBody.safeParse({
    ...given('name'),
    ...given('email'),
    ...given('role'),
    preferences: {
      ...given('language'),
      ...given('theme'),
      ...(notifications === '' ? {} : { notifications: notifications === 'true' }),
    },
  });
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not readable'}`;
}
