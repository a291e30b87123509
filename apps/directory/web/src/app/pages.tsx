import { lazy, Suspense } from 'react';
import { BrowserRouter, Navigate, Route, Routes } from 'react-router';
import { NotFoundPage } from './not-found-page.tsx';
import { PageBoundary } from './page-boundary.tsx';
import { RequireSession } from './require-session.tsx';
import { Shell } from './shell.tsx';
import { Splash } from './splash.tsx';

const loadSignIn = () => import('../features/session/sign-in-page.tsx');
const loadPeople = () => import('../features/people/people-page.tsx');
const loadPerson = () => import('../features/people/person-panel.tsx');

const SignInPage = lazy(async () => ({ default: (await loadSignIn()).SignInPage }));
const PeoplePage = lazy(async () => ({ default: (await loadPeople()).PeoplePage }));
const PersonPanel = lazy(async () => ({ default: (await loadPerson()).PersonPanel }));

/** Starts to load the code of the first page at once, beside the question who is signed in. */
export function loadAhead(path: string): void {
  const load = path.startsWith('/sign-in') ? loadSignIn : loadPeople;
  // A failure shows where the page is drawn, with a way out.
  load().catch(() => undefined);
}

/** Every address of the application. */
export function Pages() {
  return (
    <BrowserRouter>
      <PageBoundary>
        <Suspense fallback={<Splash />}>
          <Routes>
            <Route path="/sign-in" element={<SignInPage />} />
            <Route
              path="/"
              element={
                <RequireSession>
                  <Shell />
                </RequireSession>
              }
            >
              <Route index element={<Navigate to="/people" replace />} />
              <Route path="people" element={<PeoplePage />}>
                <Route
                  path=":id"
                  element={
                    <Suspense>
                      <PersonPanel />
                    </Suspense>
                  }
                />
              </Route>
              <Route path="*" element={<NotFoundPage />} />
            </Route>
          </Routes>
        </Suspense>
      </PageBoundary>
    </BrowserRouter>
  );
}
