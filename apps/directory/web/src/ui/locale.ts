/** The language of the page, which is also how its numbers and times are written. */
export const locale: string = document.documentElement.lang || 'en';

const whole = new Intl.NumberFormat(locale);
const languages = new Intl.DisplayNames([locale], { type: 'language', fallback: 'code' });

export function formatCount(count: number): string {
  return whole.format(count);
}

/** The name of a language by its tag; a tag that names none is shown as it is. */
export function languageName(tag: string): string {
  try {
    return languages.of(tag) ?? tag;
  } catch {
    return tag;
  }
}
