import { LockstepError, describe } from './errors.ts';

/** One entity as the server tells it: a plain JSON object. */
export type Row = object;

/** Names a row within its collection. It comes from a server: never use it as a key of a plain object. */
export type RowId = string;

/** Names a row within the whole store. */
export interface EntityKey {
  readonly collection: string;
  readonly id: RowId;
}

/**
 * How the rows of one entity type are named, versioned and nested. Made by `collection`.
 * The callbacks are methods so that a list of definitions of different rows has a type.
 */
export interface CollectionDefinition<R extends Row = Row, Name extends string = string> {
  readonly name: Name;
  id(row: R): RowId;
  /** Absent where the server keeps no versions. */
  version?(row: R): number;
  /** The fields that hold a row, or rows, of another collection. */
  readonly nested?: NestedRows<R>;
}

export type NestedRows<R extends Row> = Readonly<Partial<Record<keyof R & string, CollectionDefinition>>>;

/** The rows that a definition speaks of. */
export type RowOf<Definition> = Definition extends CollectionDefinition<infer R> ? R : never;

export interface CollectionOptions<R extends Row> {
  readonly id: (row: R) => RowId;
  /**
   * A finite number that grows with each change of the row. Without it the answer that was asked for last wins,
   * writes carry no `If-Match`, and a write is settled by its 2xx.
   */
  readonly version?: (row: NoInfer<R>) => number;
  /**
   * Fields that embed rows of other collections, often with a part of their fields. An embedded row fills gaps of
   * the row that is known, and replaces its fields only where it carries a higher version.
   */
  readonly nested?: NestedRows<NoInfer<R>>;
}

/**
 * Declares a collection of rows.
 *
 *     const users = collection('users', { id: (user: User) => user.id, version: (user) => user.version });
 *
 * @throws LockstepError `collection-name` where the name cannot be one.
 */
export function collection<const Name extends string, R extends Row>(
  name: Name,
  options: CollectionOptions<R>,
): CollectionDefinition<R, Name> {
  if (name === '' || name in Object.prototype) {
    throw new LockstepError('collection-name', {
      subject: 'A collection',
      expected: 'a name that is not empty and no member of Object.prototype',
      received: describe(name),
      remedy: 'Name it after its rows, for example collection("users", …).',
    });
  }
  return Object.freeze({ name, ...options });
}
