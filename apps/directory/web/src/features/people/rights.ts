import type { Person } from '../../app/types.ts';
import type { PersonField } from './person-draft.ts';

const ALL: readonly PersonField[] = ['name', 'email', 'role', 'language', 'theme', 'notifications'];
const ALL_BUT_ROLE: readonly PersonField[] = ALL.filter((field) => field !== 'role');

/** Whether somebody may read everything about others, and so filter and sort by it. */
export function readsEverything(me: Person): boolean {
  return me.role !== 'user';
}

/**
 * Which fields of a person `me` may write. The server decides; this only spares people from being offered what it would
 * refuse.
 */
export function writableFields(me: Person, person: Person): readonly PersonField[] {
  if (person.email === undefined || person.preferences === undefined) return [];
  if (me.role === 'admin') return ALL;
  if (me.id === person.id) return ALL_BUT_ROLE;
  return me.role === 'moderator' && person.role === 'user' ? ALL_BUT_ROLE : [];
}
