import type { Person, PersonChanges } from '../../app/types.ts';

/** What the form holds: a person's writable fields, side by side. */
export interface PersonValues {
  readonly name: string;
  readonly email: string;
  readonly role: Person['role'];
  readonly language: string;
  readonly theme: 'light' | 'dark';
  readonly notifications: boolean;
}

export type PersonField = keyof PersonValues;

/** A field that this form and somebody else have both changed, with what it became there. */
export interface Conflict {
  readonly field: PersonField;
  readonly theirs: string | boolean;
}

const FIELDS: readonly PersonField[] = ['name', 'email', 'role', 'language', 'theme', 'notifications'];

const paths: Readonly<Record<string, PersonField>> = {
  '/name': 'name',
  '/email': 'email',
  '/role': 'role',
  '/preferences/language': 'language',
  '/preferences/theme': 'theme',
  '/preferences/notifications': 'notifications',
};

export function valuesOf(person: Person): PersonValues {
  return {
    name: person.name,
    email: person.email ?? '',
    role: person.role,
    language: person.preferences?.language ?? '',
    theme: person.preferences?.theme ?? 'light',
    notifications: person.preferences?.notifications ?? false,
  };
}

/** The fields of the form that differ from what they started from. */
export function changedFields(base: PersonValues, values: PersonValues): PersonField[] {
  return FIELDS.filter((field) => base[field] !== values[field]);
}

/** The changed fields as a merge patch. */
export function changesOf(base: PersonValues, values: PersonValues): PersonChanges {
  const changed = new Set(changedFields(base, values));
  const preferences = {
    ...(changed.has('language') && { language: values.language }),
    ...(changed.has('theme') && { theme: values.theme }),
    ...(changed.has('notifications') && { notifications: values.notifications }),
  };
  return {
    ...(changed.has('name') && { name: values.name }),
    ...(changed.has('email') && { email: values.email }),
    ...(changed.has('role') && { role: values.role }),
    ...(Object.keys(preferences).length > 0 && { preferences }),
  };
}

/**
 * Carries a form over to a newer state of its row, field by field: what was not touched here follows the row, what was
 * touched stays. Where both changed to different values, the old base stays too, so that the field remains in conflict
 * until a person has chosen.
 */
export function rebase(
  base: PersonValues,
  values: PersonValues,
  latest: PersonValues,
): { base: PersonValues; values: PersonValues; conflicts: Conflict[] } {
  const conflicts: Conflict[] = [];
  let nextBase = base;
  let nextValues = values;
  for (const field of FIELDS) {
    const touched = values[field] !== base[field];
    const movedThere = latest[field] !== base[field];
    if (touched && movedThere && latest[field] !== values[field]) {
      conflicts.push({ field, theirs: latest[field] });
      continue;
    }
    nextBase = { ...nextBase, [field]: latest[field] };
    if (!touched) nextValues = { ...nextValues, [field]: latest[field] };
  }
  return { base: nextBase, values: nextValues, conflicts };
}

/**
 * The form after the server took what was sent: sent fields rest on the answer (which may be tidier than what was typed); what
 * was typed since stays.
 */
export function settle(
  base: PersonValues,
  values: PersonValues,
  sent: PersonValues,
  answer: PersonValues,
): { base: PersonValues; values: PersonValues } {
  let nextBase = base;
  let nextValues = values;
  for (const field of changedFields(base, sent)) {
    nextBase = { ...nextBase, [field]: answer[field] };
    if (values[field] === sent[field]) nextValues = { ...nextValues, [field]: answer[field] };
  }
  return { base: nextBase, values: nextValues };
}

/** The server's complaints by field; those about no field of the form are left over. */
export function fieldErrors(errors: readonly { readonly path: string; readonly message: string }[]): {
  byField: Partial<Record<PersonField, string>>;
  others: string[];
} {
  const byField: Partial<Record<PersonField, string>> = {};
  const others: string[] = [];
  for (const { path, message } of errors) {
    const field = Object.hasOwn(paths, path) ? paths[path] : undefined;
    if (field === undefined) others.push(message);
    else byField[field] ??= message;
  }
  return { byField, others };
}
