import { act, cleanup, screen, waitFor } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';
import type { Person } from '../../app/types.ts';
import type { Answer, Sent } from '../../testing/fake-server.ts';
import { aPerson, fakeServer, held, problem } from '../../testing/fake-server.ts';
import { renderFor } from '../../testing/render-app.tsx';
import { PersonForm } from './person-form.tsx';
import { writableFields } from './rights.ts';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const me = aPerson(9, { role: 'admin', name: 'Me' });
const ann = aPerson(1, { name: 'Ann' });

const form = (person: Person) => (
  <PersonForm key={person.id} person={person} writable={writableFields(me, person)} />
);
const field = (label: string) => screen.getByLabelText<HTMLInputElement>(label);
const saveButton = () => screen.getByRole<HTMLButtonElement>('button', { name: 'Save' });

async function retype(label: string, text: string): Promise<void> {
  await userEvent.clear(field(label));
  await userEvent.type(field(label), text);
}

/** Answers writes like the server: a merge patch over the row, refused where the version is not the row's. */
function serve(start: Person): { row: Person; answer: (sent: Sent) => Answer } {
  const server = {
    row: start,
    answer({ body, headers }: Sent): Answer {
      if (headers.get('if-match') !== `"${server.row.version}"`) {
        return problem(412, 'stale-version', { current: server.row });
      }
      server.row = { ...server.row, ...(body as Partial<Person>), version: server.row.version + 1 };
      return { body: { data: server.row } };
    },
  };
  return server;
}

test('an untouched form has nothing to save; an edit is saved with the version that was seen', async () => {
  const server = serve(ann);
  const sent = fakeServer(server.answer);
  renderFor(me, form(ann));
  expect(saveButton().disabled).toBe(true);
  await retype('Name', 'Anna');
  expect(screen.getByText('Not saved yet')).toBeDefined();
  await userEvent.keyboard('{Enter}');
  await screen.findByText(/^Saved/);
  expect(sent.map(({ method, body }) => [method, body])).toEqual([['PATCH', { name: 'Anna' }]]);
  expect(sent[0]?.headers.get('if-match')).toBe('"1"');
  expect(saveButton().disabled).toBe(true);
});

test('F18 a row that others changed elsewhere is saved over at the second try, without a question', async () => {
  const server = serve({ ...ann, email: 'moved@example.org', version: 7 });
  const sent = fakeServer(server.answer);
  renderFor(me, form(ann));
  await retype('Name', 'Anna');
  await userEvent.click(saveButton());
  await screen.findByText(/^Saved/);
  expect(sent.map(({ headers }) => headers.get('if-match'))).toEqual(['"1"', '"7"']);
  expect(sent.map(({ body }) => body)).toEqual([{ name: 'Anna' }, { name: 'Anna' }]);
  expect(server.row).toMatchObject({ name: 'Anna', email: 'moved@example.org' });
  expect(field('Email').value).toBe('moved@example.org');
});

test.each([
  ['Keep mine', 'Anna'],
  ['Take theirs', 'Annie'],
])('F18 the same field changed by both asks; "%s" ends in %s', async (choice, name) => {
  const server = serve({ ...ann, name: 'Annie', version: 2 });
  fakeServer(server.answer);
  const { rerender } = renderFor(me, form(ann));
  await retype('Name', 'Anna');
  await userEvent.click(saveButton());
  await screen.findByText('Choose which values to keep.');
  expect(screen.getByRole('alert').textContent).toContain('Annie');
  expect(saveButton().disabled).toBe(true);
  rerender(form(server.row));
  await userEvent.click(screen.getByRole('button', { name: choice }));
  expect(field('Name').value).toBe(name);
  if (choice === 'Keep mine') {
    await userEvent.click(saveButton());
    await screen.findByText(/^Saved/);
  }
  expect(server.row.name).toBe(name);
});

test('changes by others come into the open form, save where one has typed', async () => {
  fakeServer(() => problem(500, 'internal'));
  const { rerender } = renderFor(me, form(ann));
  await retype('Name', 'Anna');
  rerender(form({ ...ann, email: 'moved@example.org', version: 2 }));
  await waitFor(() => expect(field('Email').value).toBe('moved@example.org'));
  expect(field('Name').value).toBe('Anna');
  rerender(form({ ...ann, name: 'Annie', email: 'moved@example.org', version: 3 }));
  await screen.findByText('Choose which values to keep.');
  expect(field('Name').value).toBe('Anna');
});

test('faults of fields stand beside them, and everything typed stays', async () => {
  fakeServer(() => problem(409, 'email-taken'));
  renderFor(me, form(ann));
  await retype('Email', 'taken@example.org');
  await userEvent.click(saveButton());
  await screen.findByText('Another person already has this address.');
  expect(field('Email').value).toBe('taken@example.org');
  expect(document.activeElement).toBe(field('Email'));
});

test('what is typed while a save is on its way stays, and is not saved yet', async () => {
  const answer = held<Answer>();
  fakeServer(() => answer.promise);
  const { rerender } = renderFor(me, form(ann));
  await retype('Name', 'Anna');
  await userEvent.keyboard('{Enter}');
  await userEvent.type(field('Name'), ' B');
  await act(async () => {
    answer.resolve({ body: { data: { ...ann, name: 'Anna', version: 2 } } });
    await answer.promise;
  });
  rerender(form({ ...ann, name: 'Anna', version: 2 }));
  await waitFor(() => expect(saveButton().disabled).toBe(false));
  expect(field('Name').value).toBe('Anna B');
  expect(screen.queryByRole('alert')).toBeNull();
});

test('a form that closes unsaved opens again as it was, for its writer only', async () => {
  fakeServer(() => problem(500, 'internal'));
  const { rerender } = renderFor(me, form(ann));
  await retype('Name', 'Anna');
  rerender(null);
  rerender(form({ ...ann, email: 'moved@example.org', version: 2 }));
  expect(field('Name').value).toBe('Anna');
  await waitFor(() => expect(field('Email').value).toBe('moved@example.org'));
  await userEvent.click(screen.getByRole('button', { name: 'Discard' }));
  expect(field('Name').value).toBe('Ann');
  rerender(null);
  rerender(form(ann));
  expect(field('Name').value).toBe('Ann');
});

test('what one may not write is not offered', () => {
  fakeServer(() => problem(500, 'internal'));
  const moderator = aPerson(9, { role: 'moderator' });
  renderFor(moderator, <PersonForm person={ann} writable={writableFields(moderator, ann)} />);
  expect(field('Role').disabled).toBe(true);
  expect(field('Name').disabled).toBe(false);
  expect(writableFields(moderator, aPerson(2, { role: 'admin' }))).toEqual([]);
  expect(writableFields(aPerson(3), aPerson(3))).toContain('name');
  expect(writableFields(aPerson(3), ann)).toEqual([]);
});
