import { applyMergePatch } from '@lockstep/protocol';
import type { MergePatch } from '@lockstep/protocol';
import type { Collections } from '../collections/index.ts';
import type { CollectionDefinition, EntityKey, Row } from '../core/index.ts';
import type { PendingStep, RowsAndIntents } from '../pending/index.ts';
import type { ChangeNote, LockstepState, MetRow, QueriesState, ReadPoint, RecentChange } from './types.ts';

/** Changes are remembered for answers that are still on their way: this many milliseconds, and this many. */
const RECENT_MS = 60_000;
const RECENT_COUNT = 5000;

/** A row's confirmed step, as lists see it. */
export interface News extends EntityKey {
  /** What was confirmed until now. */
  readonly held: Row | null;
  readonly to: Row | null;
  /** The steps that led here, in order, where they were told. */
  readonly notes: readonly ChangeNote[];
  /** What was there where neither a held row nor a note tells: null for nothing, undefined where nobody knows. */
  readonly former: null | undefined;
  /** Lists whose answer came later than this may count the change already, where only their rows can tell. */
  readonly unsureSince: number | null;
  /** What is held counts for lists that hold it alone. */
  readonly isLate: boolean;
}

/** What a step of confirmed rows means, with the notes that came with it. */
export function newsOf(
  collections: Collections,
  state: LockstepState,
  step: PendingStep,
  notes: readonly ChangeNote[],
  versionOf: (collection: string) => CollectionDefinition['version'],
): readonly News[] {
  const noted = Map.groupBy(notes, nameOf);
  const news = step.confirmed.map((change): News => {
    const { collection, id, from, to } = change;
    const told = noted.get(nameOf(change)) ?? [];
    noted.delete(nameOf(change));
    if (told.length > 0 && isMet(state, change)) return late(told, from, to);
    // Shown without being confirmed: it was inserted here.
    const isOurs = from === null && collections.get(state.collections, collection, id) !== undefined;
    // A write that was on its way while a list was read may be in it.
    const unsureSince = told.length > 0 ? null : pendingSince(state, change);
    return {
      collection,
      id,
      held: from,
      to,
      notes: told,
      former: isOurs ? null : undefined,
      unsureSince,
      isLate: false,
    };
  });
  for (const told of noted.values()) {
    const { collection, id } = told[0]!;
    const row = collections.confirmed(step.state.collections, collection, id) ?? null;
    if (row !== null ? isMet(state, told[0]!) : isRemoval(told)) news.push(late(told, row, row));
  }
  return news;

  /** A row that is not held was removed. A removal that is remembered already is none, unless the row came back since. */
  function isRemoval(told: readonly ChangeNote[]): boolean {
    const { collection, id, before } = told.at(-1)!;
    const removal = collections.removedAt(state.collections, collection, id);
    if (collections.removedAt(step.state.collections, collection, id) === removal) return false;
    const version = versionOf(collection);
    return removal === null || (version !== undefined && !!before && version(before) > removal);
  }
}

/** Steps of a row that came after an answer with it: lists that do not hold it have not counted them. */
function late(notes: readonly ChangeNote[], held: Row | null, to: Row | null): News {
  const { collection, id } = notes[0]!;
  return {
    collection,
    id,
    held,
    to,
    notes,
    former: undefined,
    unsureSince: to === null ? null : 0,
    isLate: true,
  };
}

/** Whether an answer was faster than the feed: it brought the row, and not what lists outside of it make of that. */
function isMet({ queries: { met } }: LockstepState, key: EntityKey): boolean {
  if (met.length === 0) return false;
  let names = namesOfMet.get(met);
  if (names === undefined) namesOfMet.set(met, (names = new Set(met.map(nameOf))));
  return names.has(nameOf(key));
}

const namesOfMet = new WeakMap<readonly MetRow[], ReadonlySet<string>>();

function pendingSince({ pending }: RowsAndIntents, { collection, id }: EntityKey): number | null {
  const intent = pending.intents.find(({ targets }) =>
    targets.some((target) => target.id === id && target.collection === collection),
  );
  return intent?.at ?? null;
}

/**
 * What an answer that was read at this point, and has followed since, counts a row as: undefined where nobody knows,
 * `known` where it counts the change already.
 */
export function rowAt(
  { held, to, notes, former }: News,
  read: ReadPoint,
  version: CollectionDefinition['version'],
): Row | null | undefined | 'known' {
  const later = notes.filter(
    ({ offset }) => offset === undefined || read.offset === null || offset > read.offset,
  );
  if (notes.length > 0 && later.length === 0) return 'known';
  if (later.length === 0) return held ?? former;
  const told = later.reduceRight<Row | null | undefined>(undo, to);
  if (held === null || told === undefined) return held ?? told;
  // What is held may be behind the answer, which saw steps that are told only now, or ahead of the first step.
  const first = later.slice(1).reduceRight<Row | null | undefined>(undo, to);
  if (version === undefined) return held;
  return first && version(held) >= version(first) ? held : told;
}

/** The row before a step. */
function undo(row: Row | null | undefined, { before }: ChangeNote): Row | null | undefined {
  if (before === null || before === undefined) return before;
  if (row === null || row === undefined) return row === null ? before : undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a note's `before` is a merge patch, by its meaning
  return applyMergePatch(row, before as MergePatch);
}

/** Whether the change may be missing in an answer that was read at this point. */
export function isLater({ offset, at }: RecentChange, read: ReadPoint): boolean {
  return offset !== null && read.offset !== null ? offset > read.offset : at >= read.startedAt;
}

/** The changes of a step, remembered for answers that are still on their way. */
export function withRecent(queries: QueriesState, news: readonly News[], at: number): QueriesState {
  if (news.length === 0) return queries;
  const all = [...queries.recent, ...news.flatMap((change) => recentOf(change, at))];
  const recent = lately(all, at);
  const dropped = all[all.length - recent.length - 1];
  return { ...queries, recent, recentSince: dropped === undefined ? queries.recentSince : dropped.at + 1 };
}

/** The rows that an answer brought for the first time, remembered for the feed. */
export function withMet(queries: QueriesState, news: readonly News[], at: number): QueriesState {
  const met = news.flatMap(({ collection, id, held }) => (held === null ? [{ collection, id, at }] : []));
  return met.length === 0 ? queries : { ...queries, met: lately([...queries.met, ...met], at) };
}

/** Without what is too old or too much; dropped in strides, so that most steps only append. */
function lately<T extends { readonly at: number }>(all: T[], at: number): T[] {
  const isOld = (entry: T | undefined): boolean => entry !== undefined && entry.at < at - RECENT_MS;
  if (all.length <= RECENT_COUNT * 1.25 && !isOld(all[all.length >> 2])) return all;
  const young = all.findIndex((entry) => !isOld(entry));
  return all.slice(Math.max(young, all.length - RECENT_COUNT));
}

/** One for each step that was told, with the row before it. */
function recentOf({ collection, id, held, to, notes, former }: News, at: number): readonly RecentChange[] {
  if (notes.length === 0) return [change(held ?? former, undefined)];
  return notes.map(({ offset }, step) =>
    change(notes.slice(step).reduceRight<Row | null | undefined>(undo, to), offset),
  );

  function change(before: Row | null | undefined, offset: number | undefined): RecentChange {
    return { collection, id, offset: offset ?? null, at, ...(before !== undefined && { before }) };
  }
}

function nameOf({ collection, id }: EntityKey): string {
  return `${collection}\n${id}`;
}
