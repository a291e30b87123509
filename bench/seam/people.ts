/** A person of the directory, as far as lists need one. */
export interface Person {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly role: 'admin' | 'user';
  readonly lastActive: number;
}

export interface PeopleArgument {
  readonly list: number;
  readonly role?: Person['role'];
}

export interface PeoplePage {
  readonly users: Person[];
  readonly total: number;
}

export const LISTS = 200;
export const ROWS = 50;
/** The one person in all of the 200 lists. */
export const HOT = 'person-hot';

export function person(id: string, lastActive: number, version = 1): Person {
  return { id, version, name: `Person ${id}`, role: 'user', lastActive };
}

/** The 200 lists: the hot person in the middle of each, and 49 people of their own. */
export function pageOf(list: number, hot: Person): PeoplePage {
  const users = Array.from({ length: ROWS }, (_, at) =>
    at === ROWS / 2 ? hot : person(`person-${list}-${at}`, 1000 - at * 10),
  );
  return { users, total: ROWS };
}

export const newHot = (version: number, lastActive = 1000 - (ROWS / 2) * 10): Person => ({
  ...person(HOT, lastActive, version),
  name: `Hot ${version}`,
});
