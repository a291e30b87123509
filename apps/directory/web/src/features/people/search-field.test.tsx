import { act, cleanup, fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { aPerson } from '../../testing/fake-server.ts';
import { renderFor } from '../../testing/render-app.tsx';
import { SearchField } from './people-filters.tsx';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const box = () => screen.getByLabelText<HTMLInputElement>('Search people');
const type = (text: string): void => {
  fireEvent.change(box(), { target: { value: text } });
};
const pass = (ms: number): Promise<void> =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });
const pause = (): Promise<void> => pass(500);

function open(value: string) {
  const searches: string[] = [];
  const field = (present: string) => (
    <SearchField value={present} onSearch={(text) => searches.push(text)} onLeave={() => undefined} />
  );
  const { rerender } = renderFor(aPerson(1), field(value));
  return { searches, address: (present: string) => rerender(field(present)) };
}

test('letters typed before the address has followed are not lost', async () => {
  const { searches, address } = open('');
  type('Kim');
  await pause();
  expect(box().value).toBe('Kim');
  type('Kim Ke');
  await pause();
  type('Kim Keyb');
  address('Kim');
  expect(box().value).toBe('Kim Keyb');
  address('Kim Ke');
  expect(box().value).toBe('Kim Keyb');
  await pause();
  address('Kim Keyb');
  expect(searches).toEqual(['Kim', 'Kim Ke', 'Kim Keyb']);
});

test('G48 going back to a text while the address is still on its way there loses neither', async () => {
  const { searches, address } = open('bob');
  type('bo');
  await pause();
  type('bob');
  address('bo');
  expect(box().value).toBe('bob');
  await pause();
  address('bob');
  expect(box().value).toBe('bob');
  expect(searches).toEqual(['bo', 'bob']);
});

test('what the address says by itself comes into the field, also where it was typed once', async () => {
  const { searches, address } = open('ann');
  address('bob');
  expect(box().value).toBe('bob');
  type('bo');
  await pause();
  type('bob');
  await pause();
  await pass(5000);
  address('bo');
  expect(box().value).toBe('bo');
  address('');
  expect(box().value).toBe('');
  await pass(5000);
  expect(searches).toEqual(['bo', 'bob']);
});

test('nothing is handed on while one types, nor what the address says already', async () => {
  const { searches } = open('an');
  type('ann');
  await pass(50);
  type('an');
  await pause();
  expect(searches).toEqual([]);
});
