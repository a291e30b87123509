import type { CSSVariablesResolver, MantineColorsTuple } from '@mantine/core';
import { createTheme } from '@mantine/core';
import { createElement } from 'react';
import { IconCheck, IconChevronDown } from './icons.ts';

const teal: MantineColorsTuple = [
  '#e9f7f5',
  '#d3ece8',
  '#a6dad3',
  '#74c7bc',
  '#4bb6a9',
  '#2fa598',
  '#1a8c80',
  '#0f766e',
  '#0b635c',
  '#084f49',
];

export const theme = createTheme({
  primaryColor: 'teal',
  primaryShade: { light: 7, dark: 5 },
  colors: { teal },
  autoContrast: true,
  fontFamily: 'var(--font-ui)',
  fontFamilyMonospace: 'var(--font-code)',
  fontSizes: {
    xs: 'var(--text-xs)',
    sm: 'var(--text-md)',
    md: 'var(--text-md)',
    lg: 'var(--text-lg)',
    xl: 'var(--text-xl)',
  },
  defaultRadius: 'md',
  radius: { sm: 'var(--radius-sm)', md: 'var(--radius-md)', lg: 'var(--radius-lg)' },
  spacing: {
    xs: 'var(--space-2)',
    sm: 'var(--space-3)',
    md: 'var(--space-4)',
    lg: 'var(--space-5)',
    xl: 'var(--space-6)',
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Named, so that a style can go by it.
    Button: { defaultProps: { variant: 'filled' } },
    NativeSelect: { defaultProps: { rightSection: createElement(IconChevronDown, { size: 16 }) } },
    Switch: { defaultProps: { withThumbIndicator: false } },
    Menu: {
      defaultProps: {
        shadow: 'var(--shadow-floating)',
        transitionProps: { transition: 'pop', duration: 90 },
        checkIcon: createElement(IconCheck, { size: 16 }),
        alignItemsLabels: 'with-indicators',
        // Within its landmark and next to its button, for screen readers; fixed, so that nothing cuts it off.
        withinPortal: false,
        floatingStrategy: 'fixed',
        withInitialFocusPlaceholder: false,
      },
    },
  },
});

/** Mantine's own colours are pointed at our tokens, so that one file decides how both schemes look. */
const scheme = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-3)',
  '--mantine-color-placeholder': 'var(--ink-3)',
  '--mantine-color-anchor': 'var(--accent-ink)',
  '--mantine-color-error': 'var(--danger)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-default-hover': 'var(--surface-hover)',
  '--mantine-color-default-border': 'var(--line-strong)',
  '--mantine-primary-color-filled': 'var(--accent)',
  '--mantine-primary-color-filled-hover': 'var(--accent-hover)',
  '--mantine-primary-color-contrast': 'var(--on-accent)',
};

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: scheme,
  dark: scheme,
});
