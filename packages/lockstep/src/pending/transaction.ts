import { applyMergePatch, isJsonObject } from '@lockstep/protocol';
import type { Json, JsonObject } from '@lockstep/protocol';
import { deepFreeze, development } from '../core/index.ts';
import type { CollectionDefinition, EntityKey, Row, RowId } from '../core/index.ts';
import { derivedId } from './derived-id.ts';
import type { Effect, EffectTransaction, IntentDraft } from './types.ts';

/** One string for a row of the store; the separator cannot begin a collection's name and an id at once. */
export function keyOf({ collection, id }: EntityKey): string {
  return `${collection}\n${id}`;
}

/** What an effect did to one row. */
export interface Write extends EntityKey {
  readonly row: Row | null;
  /** The fields it asked for; null where it inserted or removed the row. */
  readonly patch: JsonObject | null;
}

export interface Run {
  /** None where the effect threw. */
  readonly writes: Map<string, Write>;
  /** Every row it read or wrote. */
  readonly touched: ReadonlyMap<string, EntityKey>;
  /** What the effect threw. */
  readonly thrown?: unknown;
}

/** A row as an effect finds it. */
export type ReadRow = (key: EntityKey) => Row | undefined;

/** Runs an effect over rows that stay as they are: all of its writes count, or none. */
export function run(effect: Effect, intent: IntentDraft, read: ReadRow): Run {
  const writes = new Map<string, Write>();
  const touched = new Map<string, EntityKey>();
  let ids = 0;

  const find = (key: EntityKey): Row | undefined => {
    const name = keyOf(key);
    touched.set(name, key);
    const write = writes.get(name);
    const row = write === undefined ? read(key) : (write.row ?? undefined);
    return development ? deepFreeze(row) : row;
  };
  const write = (key: EntityKey, row: Row | null, patch: JsonObject | null): void => {
    writes.set(keyOf(key), { ...key, row, patch });
  };

  const tx: EffectTransaction = {
    now: intent.at,
    id: () => derivedId(intent.seed ?? intent.id, ids++),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a collection holds the rows of its definition
    get: <R extends Row>(of: CollectionDefinition<R>, id: RowId) =>
      find({ collection: of.name, id }) as R | undefined,
    insert(of, row) {
      const key = { collection: of.name, id: of.id(row) };
      if (find(key) === undefined) write(key, row, null);
    },
    update(of, id, patch) {
      const key = { collection: of.name, id };
      const row = find(key);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a patch is JSON by its type, which has no index signature
      const fields = patch as unknown as JsonObject;
      const earlier = writes.get(keyOf(key));
      const whole = earlier !== undefined && earlier.patch === null;
      write(
        key,
        row === undefined ? null : applyMergePatch(row, fields),
        whole ? null : overPatch(earlier?.patch ?? {}, fields),
      );
    },
    remove(of, id) {
      const key = { collection: of.name, id };
      find(key);
      write(key, null, null);
    },
  };
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the argument was given to this endpoint, whose effect this is
    effect(tx, intent.argument as never);
    return { writes, touched };
  } catch (thrown) {
    return { writes: new Map(), touched, thrown };
  }
}

/** The patch that does what `first` and then `second` do. */
function overPatch(first: JsonObject, second: JsonObject): JsonObject {
  const patch: Record<string, Json> = { ...first };
  for (const [field, value] of Object.entries(second)) {
    const earlier = Object.hasOwn(patch, field) ? patch[field] : undefined;
    if (value === undefined) continue;
    Object.defineProperty(patch, field, {
      value: isJsonObject(value) && isJsonObject(earlier) ? overPatch(earlier, value) : value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return patch;
}
