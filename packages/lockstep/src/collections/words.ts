import { isJsonObject } from '@lockstep/protocol';
import { describe, LockstepError } from '../core/index.ts';
import type { CollectionDefinition, Row, RowId } from '../core/index.ts';
import type { Keeper } from './keeper.ts';
import type { ConfirmedChange, ConfirmedRow } from './types.ts';

/** What the server said about one row, checked; `row` is null where it went. */
export interface Word {
  readonly keeper: Keeper;
  readonly id: RowId;
  readonly row: Row | null;
  /** Null where there is none. */
  readonly version: number | null;
  readonly partial: boolean;
  /** Null: after everything that was asked for so far. */
  readonly startedAt: number | null;
}

/** Checks what the server said, and takes embedded rows out of the rows that hold them. */
export function readWords(
  changes: readonly ConfirmedChange[],
  keeperOf: (collection: string) => Keeper,
): readonly Word[] {
  const words = changes.map((change) => readWord(change, keeperOf));
  return words.some(({ keeper }) => keeper.nested.length > 0)
    ? words.flatMap((word) => [word, ...wordsIn(word, keeperOf)])
    : words;
}

function readWord(change: ConfirmedChange, keeperOf: (collection: string) => Keeper): Word {
  const keeper = keeperOf(change.collection);
  const { startedAt = null } = change;
  if ('removed' in change) {
    const { id, version = null } = change;
    return { keeper, id, row: null, version, partial: false, startedAt };
  }
  const { row, partial = false } = change;
  const id = idIn(keeper.definition, row);
  return { keeper, id, row, version: versionSaid(keeper.definition, id, change), partial, startedAt };
}

/** What a row says about the rows embedded in it, and they about those in them. */
function wordsIn(
  { keeper, row, startedAt }: Word,
  keeperOf: (collection: string) => Keeper,
): readonly Word[] {
  if (row === null) return [];
  return keeper.nested.flatMap(([field, collection]) =>
    rowsUnder(row, field).flatMap((embedded) => {
      const told = { collection, row: embedded, partial: true, ...(startedAt === null ? {} : { startedAt }) };
      const word = readWord(told, keeperOf);
      return [word, ...wordsIn(word, keeperOf)];
    }),
  );
}

/** @throws LockstepError `row-id` */
export function idIn(definition: CollectionDefinition, row: Row): RowId {
  const id: unknown = definition.id(row);
  if (typeof id === 'string' && id !== '') return id;
  throw new LockstepError('row-id', {
    subject: `A row of the collection "${definition.name}"`,
    expected: 'an id that is a string and not empty',
    received: describe(id),
    remedy: "Let the collection's id function return it, and check that the declared path leads to rows.",
  });
}

/** The version of a row that is known; below all others where it embeds none. */
export function versionIn(definition: CollectionDefinition, row: Row): number {
  const version: unknown = definition.version?.(row);
  return typeof version === 'number' && Number.isFinite(version) ? version : -Infinity;
}

function versionSaid(
  definition: CollectionDefinition,
  id: RowId,
  { row, version, partial = false }: ConfirmedRow,
): number | null {
  if (definition.version === undefined) return null;
  const own: unknown = definition.version(row);
  if (typeof own === 'number' && Number.isFinite(own)) return own;
  if (partial) return version ?? null;
  throw new LockstepError('row-version', {
    subject: `The row ${describe(id)} of the collection "${definition.name}"`,
    expected: 'a version that is a finite number',
    received: describe(own),
    remedy:
      'Let the answer bring the version, mark rows that hold a part of their fields as partial, or declare no version.',
  });
}

function rowsUnder(row: Row, field: string): readonly Row[] {
  const embedded = isJsonObject(row) && Object.hasOwn(row, field) ? row[field] : undefined;
  return [embedded].flat().filter(isJsonObject);
}
