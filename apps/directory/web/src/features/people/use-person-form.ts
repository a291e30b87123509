import { useForm } from '@mantine/form';
import { useEffect, useRef, useState } from 'react';
import { useUpdateUserMutation } from '../../app/api.ts';
import type { ApiError } from '../../app/base-query.ts';
import type { Person } from '../../app/types.ts';
import type { Conflict, PersonField, PersonValues } from './person-draft.ts';
import { changedFields, changesOf, rebase, settle, valuesOf } from './person-draft.ts';
import { saveFailure } from './save-failure.ts';

export type SaveState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'saving' }
  | { readonly kind: 'saved'; readonly at: string }
  | { readonly kind: 'failed'; readonly text: string };

/** A write that others keep overtaking is given up after this many attempts, and the person is told. */
const ATTEMPTS = 4;

/**
 * A person's form that keeps up with the person: untouched fields follow changes by others while one types, a save over a
 * newer row merges what does not collide, and a field that both changed waits for a choice.
 */
export function usePersonForm(person: Person) {
  const [updateUser] = useUpdateUserMutation();
  const [base, setBase] = useState(() => valuesOf(person));
  const [conflicts, setConflicts] = useState<readonly Conflict[]>([]);
  const [state, setState] = useState<SaveState>({ kind: 'idle' });
  const form = useForm<PersonValues>({
    mode: 'controlled',
    initialValues: base,
    validate: {
      name: (name) => (name.trim() === '' ? 'Enter a name.' : null),
      email: (email) => (email.trim() === '' ? 'Enter an email address.' : null),
    },
    onValuesChange: () => setState((now) => (now.kind === 'saved' ? { kind: 'idle' } : now)),
  });
  const isSaving = state.kind === 'saving';
  const seen = useRef(person.version);

  function carryOver(from: PersonValues, values: PersonValues, latest: PersonValues): readonly Conflict[] {
    const next = rebase(from, values, latest);
    setBase(next.base);
    setConflicts(next.conflicts);
    if (changedFields(form.getValues(), next.values).length > 0) form.setValues(next.values);
    return next.conflicts;
  }

  useEffect(() => {
    if (isSaving || person.version === seen.current) return;
    seen.current = person.version;
    carryOver(base, form.getValues(), valuesOf(person));
  });

  async function save(): Promise<void> {
    if (isSaving || conflicts.length > 0 || form.validate().hasErrors) return;
    let from = base;
    let sent = form.getValues();
    let version = person.version;
    setState({ kind: 'saving' });
    for (let attempt = 1; ; attempt += 1) {
      const { data, error } = await updateUser({ id: person.id, changes: changesOf(from, sent), version });
      if (data !== undefined) {
        const settled = settle(from, form.getValues(), sent, valuesOf(data));
        carryOver(settled.base, settled.values, valuesOf(data));
        seen.current = data.version;
        setState({ kind: 'saved', at: data.updatedAt ?? new Date().toISOString() });
        return;
      }
      const current = staleRow(error);
      if (current === null || attempt === ATTEMPTS) {
        fail(error);
        return;
      }
      const merged = rebase(from, sent, valuesOf(current));
      if (merged.conflicts.length > 0) {
        seen.current = current.version;
        carryOver(from, form.getValues(), valuesOf(current));
        setState({ kind: 'idle' });
        return;
      }
      from = merged.base;
      sent = merged.values;
      version = current.version;
    }
  }

  function fail(error: Parameters<typeof saveFailure>[0]): void {
    const { text, fields } = saveFailure(error);
    setState({ kind: 'failed', text });
    form.setErrors(fields);
    const first = Object.keys(fields)[0];
    if (first !== undefined) form.getInputNode(first)?.focus();
  }

  return {
    form,
    state,
    conflicts,
    isDirty: changedFields(base, form.values).length > 0,
    save,
    /** What the person had before. */
    discard(): void {
      form.setValues(base);
      form.clearErrors();
      carryOver(base, base, valuesOf(person));
      setState({ kind: 'idle' });
    },
    /** Ends a field's conflict by one's own value or by theirs. */
    choose(field: PersonField, whose: 'mine' | 'theirs'): void {
      const conflict = conflicts.find((one) => one.field === field);
      if (conflict === undefined) return;
      setBase({ ...base, [field]: conflict.theirs });
      if (whose === 'theirs') form.setFieldValue(field, conflict.theirs as never);
      setConflicts(conflicts.filter((one) => one.field !== field));
    },
  };
}

function staleRow(error: unknown): Person | null {
  const failure = error as ApiError | undefined;
  if (failure?.kind !== 'problem' || failure.code !== 'stale-version') return null;
  return failure.current as unknown as Person | null;
}
