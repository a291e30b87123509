import type { Collections, CollectionsState } from '../collections/index.ts';
import type { CollectionDefinition, Row } from '../core/index.ts';
import { membersOf, same } from './same.ts';

/** Shows rows with the rows inside them as those are now. */
export interface Presenter {
  /** The same object as before where nothing in it changed; the row itself where its nested rows say the same. */
  present(state: CollectionsState, definition: CollectionDefinition, row: Row): Row;
  /** The collections whose rows can sit inside rows of this one, at any depth. */
  nestedIn(collection: string): ReadonlySet<string>;
}

export function createPresenter(
  collections: Collections,
  definitions: readonly CollectionDefinition[],
): Presenter {
  const nested = new Map(definitions.map((definition) => [definition.name, namesIn(definition, new Set())]));
  /** What a row was shown as last, by the row. */
  const shown = new WeakMap<Row, Row>();
  const steady = (source: Row, members: Row): Row => {
    const row = same(shown.get(source), members, source);
    if (row !== source) shown.set(source, row);
    return row;
  };

  function present(state: CollectionsState, definition: CollectionDefinition, row: Row): Row {
    let members: Record<string, unknown> | undefined;
    for (const [field, inner] of nestedOf(definition)) {
      const value = membersOf(row)[field];
      const now = Array.isArray(value)
        ? same(
            membersOf(shown.get(row))[field],
            value.map((part) => embedded(state, inner, part)),
            value,
          )
        : embedded(state, inner, value);
      if (now !== value) (members ??= { ...row })[field] = now;
    }
    return members === undefined ? row : steady(row, members);
  }

  /** The embedded part of a row: its own fields, with the values of the row that is known. */
  function embedded(state: CollectionsState, definition: CollectionDefinition, part: unknown): unknown {
    if (typeof part !== 'object' || part === null) return part;
    const known = collections.get(state, definition, definition.id(part));
    let row: Row = part;
    if (known !== undefined && known !== part) {
      const members: Record<string, unknown> = { ...part };
      for (const field of Object.keys(members)) {
        if (Object.hasOwn(known, field)) members[field] = membersOf(known)[field];
      }
      row = steady(part, members);
    }
    return present(state, definition, row);
  }

  return { present, nestedIn: (collection) => nested.get(collection) ?? NONE };
}

const NONE: ReadonlySet<string> = new Set();

/** The fields of a collection's rows that hold rows, and whose. */
export function nestedOf({
  nested = {},
}: CollectionDefinition): readonly (readonly [string, CollectionDefinition])[] {
  return Object.entries<CollectionDefinition>(nested);
}

function namesIn(definition: CollectionDefinition, names: Set<string>): Set<string> {
  for (const [, inner] of nestedOf(definition)) {
    if (names.has(inner.name)) continue;
    names.add(inner.name);
    namesIn(inner, names);
  }
  return names;
}
