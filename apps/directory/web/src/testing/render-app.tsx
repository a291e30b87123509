import { MantineProvider } from '@mantine/core';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { Provider } from 'react-redux';
import { MemoryRouter } from 'react-router';
import { vi } from 'vitest';
import { SessionContext } from '../app/session.ts';
import { createStore } from '../app/store.ts';
import type { Person } from '../app/types.ts';

/** Renders something of the application as it is for `me`, in a screen of jsdom, which has no layout: 600 pixels high. */
export function renderFor(me: Person, children: ReactNode, address = '/people') {
  vi.stubGlobal('matchMedia', (query: string) => ({
    matches: query.includes('min-width'),
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  );
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(600);
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(900);
  Element.prototype.scrollTo = () => undefined;
  Object.assign(Element.prototype, { animate: () => ({}) });
  const store = createStore();
  const wrap = (inside: ReactNode) => (
    <Provider store={store}>
      <MantineProvider env="test">
        <MemoryRouter initialEntries={[address]}>
          <SessionContext value={me}>{inside}</SessionContext>
        </MemoryRouter>
      </MantineProvider>
    </Provider>
  );
  const view = render(wrap(children));
  return { store, rerender: (next: ReactNode) => view.rerender(wrap(next)) };
}
