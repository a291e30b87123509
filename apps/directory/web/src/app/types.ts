import type { Sortable, SortField, SortOrder, UserFilter } from '@directory/contract';
import { isJsonObject } from '@lockstep/protocol';

/** A person as far as the reader may see them: everything, or only their public fields. */
export type Person = Sortable;

/** Tells a row of the wire that is a person, at least a public one. */
export function isPerson(row: unknown): row is Person {
  return (
    isJsonObject(row) &&
    typeof row.id === 'string' &&
    typeof row.name === 'string' &&
    typeof row.role === 'string' &&
    typeof row.lastActive === 'string' &&
    typeof row.version === 'number'
  );
}

/** What a list shows: which people, in which order. */
export interface ListArg {
  readonly filters: UserFilter;
  readonly sortBy: SortField;
  readonly sortOrder: SortOrder;
}

/** What is kept of each answer that lists people. */
export interface ListAnswer {
  readonly users: readonly Person[];
  readonly total: number;
  readonly hasMore: boolean;
  /** The feed position before the read; changes after it move the total. Null where the server did not say. */
  readonly offset: number | null;
  /** The ids of people who have come to belong to this list since it was read and are not shown in it. */
  readonly arrivals: readonly string[];
}

export interface UsersPage extends ListAnswer {
  readonly nextCursor: string | null;
}

export interface UserStats {
  readonly total: number;
  readonly active24h: number;
  readonly active7d: number;
  readonly byRole: Readonly<Record<string, number>>;
}

/** A merge patch of the fields that a person may write. */
export interface PersonChanges {
  readonly name?: string;
  readonly email?: string;
  readonly role?: Person['role'];
  readonly preferences?: Partial<NonNullable<Person['preferences']>>;
}
