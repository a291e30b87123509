// @vitest-environment node
import { ROLES, SORT_FIELDS, SORT_ORDERS } from '@directory/contract';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ListArg } from '../../app/types.ts';
import { countFilters, listFromUrl, listToUrl, sortedBy, withFilter } from './list-url.ts';

const read = (query: string) => listFromUrl(new URLSearchParams(query));

test('an empty address is the whole list in its usual order, and that list has an empty address', () => {
  const list = { filters: {}, sortBy: 'lastActive', sortOrder: 'desc' } as const;
  expect(read('')).toEqual(list);
  expect(listToUrl(list).toString()).toBe('');
});

test('nonsense in an address is taken as absent', () => {
  expect(
    read(
      'role=king&isActive=maybe&language=English!&notifications=1&sortBy=__proto__&sortOrder=up&search=&page=3',
    ),
  ).toEqual({ filters: {}, sortBy: 'lastActive', sortOrder: 'desc' });
  expect(read(`search=${'x'.repeat(300)}`).filters.search).toHaveLength(200);
});

test('a column sorts from its natural end first, then the other way', () => {
  expect(read('sortBy=name')).toMatchObject({ sortBy: 'name', sortOrder: 'asc' });
  const byName = sortedBy(read(''), 'name');
  expect(byName).toMatchObject({ sortBy: 'name', sortOrder: 'asc' });
  expect(sortedBy(byName, 'name')).toMatchObject({ sortOrder: 'desc' });
  expect(sortedBy(byName, 'lastActive')).toMatchObject({ sortOrder: 'desc' });
});

test('filters are counted and changed one by one; a filter that says nothing is gone', () => {
  const filters = { role: 'admin', search: 'ann' } as const;
  expect(countFilters(filters)).toBe(2);
  expect(withFilter(filters, { role: undefined })).toEqual({ search: 'ann' });
  expect(withFilter(filters, { search: '' })).toEqual({ role: 'admin' });
  expect(withFilter({}, { isActive: false })).toEqual({ isActive: false });
});

test('every list survives the way through the address bar', () => {
  const list: fc.Arbitrary<ListArg> = fc.record({
    filters: fc.record(
      {
        role: fc.constantFrom(...ROLES),
        search: fc
          .string({ minLength: 1, maxLength: 200, unit: 'grapheme' })
          .filter((text) => text.length <= 200),
        isActive: fc.boolean(),
        language: fc.constantFrom('en', 'zh-Hant', 'ar'),
        notifications: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    sortBy: fc.constantFrom(...SORT_FIELDS),
    sortOrder: fc.constantFrom(...SORT_ORDERS),
  });
  fc.assert(
    fc.property(list, (value) => {
      const url = listToUrl(value).toString();
      expect(listFromUrl(new URLSearchParams(url))).toEqual(value);
    }),
  );
});
