import { languageName } from '../../ui/locale.ts';

/** Languages that are offered; a person's own is offered too, whatever it is. */
const OFFERED = [
  'am',
  'ar',
  'bn',
  'cs',
  'da',
  'de',
  'el',
  'en',
  'es',
  'fa',
  'fi',
  'fr',
  'he',
  'hi',
  'hu',
  'hy',
  'id',
  'it',
  'ja',
  'ka',
  'ko',
  'nl',
  'no',
  'pl',
  'pt',
  'ro',
  'ru',
  'sv',
  'sw',
  'ta',
  'th',
  'tr',
  'uk',
  'ur',
  'vi',
  'zh',
];

/** Options for choosing a language, by name. */
export function languageOptions(current: string | undefined): { value: string; label: string }[] {
  const tags =
    current === undefined || current === '' || OFFERED.includes(current) ? OFFERED : [...OFFERED, current];
  return tags
    .map((tag) => ({ value: tag, label: languageName(tag) }))
    .toSorted((a, b) => a.label.localeCompare(b.label));
}
