import type { Collections, CollectionsState } from '../collections/index.ts';
import type { CollectionDefinition, EntityKey, RowId } from '../core/index.ts';
import { nestedOf } from './nested.ts';
import { membersOf } from './same.ts';
import type { IdleRows, LockstepState } from './types.ts';

/** A row stays this long after the last reference to it went, in milliseconds. */
const IDLE_MS = 60_000;

interface Parts {
  readonly collections: Collections;
  readonly definitions: readonly CollectionDefinition[];
  /** The visible rows of a collection. */
  readonly idsOf: (state: CollectionsState, collection: string) => readonly RowId[];
  /** The collection that an endpoint brings rows of. */
  readonly collectionOf: (endpoint: string) => string | undefined;
}

/** Marks what the cache and the pending intents refer to, rows inside rows too, and names the rest. */
export function releasable(
  { collections, definitions, idsOf, collectionOf }: Parts,
  { collections: state, queries, pending }: LockstepState,
  now: number,
  idle: IdleRows,
  isRetained: (key: EntityKey) => boolean = () => false,
): { readonly idle: IdleRows; readonly release: readonly EntityKey[] } {
  const byName = new Map(
    definitions.map((definition) => [definition.name, { definition, ids: new Set<RowId>() }]),
  );
  const refer = (collection: string | undefined, id: RowId): void => {
    const known = byName.get(collection ?? '');
    if (known === undefined || known.ids.has(id)) return;
    known.ids.add(id);
    const nested = nestedOf(known.definition);
    const row = nested.length > 0 && collections.get(state, known.definition, id);
    if (!row) return;
    for (const [field, inner] of nested) {
      const value = membersOf(row)[field];
      for (const part of Array.isArray(value) ? value : [value]) {
        if (typeof part === 'object' && part !== null) refer(inner.name, inner.id(part));
      }
    }
  };
  for (const record of Object.values(queries.entries)) {
    const collection = collectionOf(record.endpoint);
    if (record.kind === 'one') refer(collection, record.id);
    else for (const { ids } of record.segments) for (const id of ids) refer(collection, id);
  }
  for (const { touched } of pending.intents) for (const { collection, id } of touched) refer(collection, id);

  const still = new Map<string, EntityKey & { readonly since: number }>();
  const release: EntityKey[] = [];
  for (const [collection, { ids }] of byName) {
    if (collections.coverage(state, collection) === 'complete') continue;
    for (const id of idsOf(state, collection)) {
      const key = { collection, id };
      if (ids.has(id) || isRetained(key)) continue;
      const since = idle.get(`${collection}\n${id}`)?.since ?? now;
      if (now - since >= IDLE_MS) release.push(key);
      else still.set(`${collection}\n${id}`, { ...key, since });
    }
  }
  return { idle: still, release };
}
