import { DirectionProvider, localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Provider } from 'react-redux';
import { cssVariables, theme } from '../ui/theme.ts';
import { Pages } from './pages.tsx';
import type { AppStore } from './store.ts';

/** index.html reads the same key before the first paint. */
const schemes = localStorageColorSchemeManager({ key: 'directory.scheme' });

/** The server writes a fresh nonce into every page; styles without it are refused. */
function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

export function App({ store }: { readonly store: AppStore }) {
  return (
    <Provider store={store}>
      <DirectionProvider>
        <MantineProvider
          theme={theme}
          cssVariablesResolver={cssVariables}
          defaultColorScheme="auto"
          colorSchemeManager={schemes}
          getStyleNonce={styleNonce}
        >
          <Pages />
        </MantineProvider>
      </DirectionProvider>
    </Provider>
  );
}
