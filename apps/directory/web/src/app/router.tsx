import { createBrowserRouter, Navigate } from 'react-router';
import { NotFoundPage } from './not-found-page.tsx';
import { PageFailed } from './page-failed.tsx';
import { RequireSession } from './require-session.tsx';
import { Shell } from './shell.tsx';
import { Splash } from './splash.tsx';

export const router = createBrowserRouter([
  {
    path: '/sign-in',
    lazy: async () => ({ Component: (await import('../features/session/sign-in-page.tsx')).SignInPage }),
    ErrorBoundary: PageFailed,
    HydrateFallback: Splash,
  },
  {
    path: '/',
    element: (
      <RequireSession>
        <Shell />
      </RequireSession>
    ),
    ErrorBoundary: PageFailed,
    HydrateFallback: Splash,
    children: [
      { index: true, element: <Navigate to="/people" replace /> },
      {
        path: 'people',
        lazy: async () => ({ Component: (await import('../features/people/people-page.tsx')).PeoplePage }),
        children: [
          {
            path: ':id',
            lazy: async () => ({ Component: (await import('../features/people/person-panel.tsx')).PersonPanel }),
          },
        ],
      },
      { path: '*', element: <NotFoundPage /> },
    ],
  },
]);
