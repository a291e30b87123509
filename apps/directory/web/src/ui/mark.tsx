/** The directory's sign. public/mark.svg is the same drawing. */
export function Mark({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="#0f766e" />
      <rect x="8" y="8.5" width="16" height="3.4" rx="1.7" fill="#fff" />
      <rect x="8" y="14.3" width="11" height="3.4" rx="1.7" fill="#fff" opacity=".72" />
      <rect x="8" y="20.1" width="16" height="3.4" rx="1.7" fill="#fff" opacity=".44" />
    </svg>
  );
}
