import { useForm } from '@mantine/form';
import type { SerializedError } from '@reduxjs/toolkit';
import { useEffect, useRef, useState } from 'react';
import { useUpdateUserMutation } from '../../app/api.ts';
import type { ApiError } from '../../app/base-query.ts';
import { asApiError } from '../../app/base-query.ts';
import { useAppStore } from '../../app/hooks.ts';
import type { Person } from '../../app/types.ts';
import { isPerson } from '../../app/types.ts';
import { draftKept, draftTaken } from './drafts-slice.ts';
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
 * newer row merges what does not collide, and a field that both changed waits for a choice. What is not saved when the form
 * closes is there again when it opens, for the same `owner` (the id of who types).
 */
export function usePersonForm(person: Person, owner: string) {
  const store = useAppStore();
  const [updateUser] = useUpdateUserMutation();
  const [kept] = useState(() =>
    store.getState().drafts.find((one) => one.id === person.id && one.owner === owner),
  );
  const [base, setBase] = useState(() => kept?.base ?? valuesOf(person));
  const [conflicts, setConflicts] = useState<readonly Conflict[]>([]);
  const [state, setState] = useState<SaveState>({ kind: 'idle' });
  const form = useForm<PersonValues>({
    mode: 'controlled',
    initialValues: kept?.values ?? base,
    validate: {
      name: (name) => (name.trim() === '' ? 'Enter a name.' : null),
      email: (email) => (email.trim() === '' ? 'Enter an email address.' : null),
    },
    onValuesChange: () => setState((now) => (now.kind === 'saved' ? { kind: 'idle' } : now)),
  });
  const isSaving = state.kind === 'saving';
  // A draft was left behind at an unknown version; it is carried over to the present one first.
  const seen = useRef(kept === undefined ? person.version : 0);

  function carryOver(from: PersonValues, values: PersonValues, latest: PersonValues): readonly Conflict[] {
    const next = rebase(from, values, latest);
    setBase(next.base);
    setConflicts(next.conflicts);
    if (changedFields(form.getValues(), next.values).length > 0) form.setValues(next.values);
    return next.conflicts;
  }

  useEffect(() => {
    if (isSaving || person.version <= seen.current) return;
    seen.current = person.version;
    carryOver(base, form.getValues(), valuesOf(person));
  });

  const { id } = person;
  const draft = useRef({ base, values: form.values });
  useEffect(() => {
    draft.current = { base, values: form.values };
  });
  useEffect(() => {
    store.dispatch(draftTaken({ id, owner }));
    return () => {
      if (changedFields(draft.current.base, draft.current.values).length === 0) return;
      store.dispatch(draftKept({ id, owner, ...draft.current }));
    };
  }, [store, id, owner]);

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
      seen.current = current.version;
      const open = carryOver(from, form.getValues(), valuesOf(current));
      if (open.length + merged.conflicts.length > 0) {
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
      if (whose === 'theirs') form.setValues({ ...form.getValues(), [field]: conflict.theirs });
      setConflicts(conflicts.filter((one) => one.field !== field));
    },
  };
}

function staleRow(error: ApiError | SerializedError | undefined): Person | null {
  const failure = asApiError(error);
  if (failure?.kind !== 'problem' || failure.code !== 'stale-version') return null;
  return isPerson(failure.current) ? failure.current : null;
}
