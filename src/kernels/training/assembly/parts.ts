/** How many parts of that size it takes; the last one may be smaller. */
// @ts-ignore: decorator
@inline
export function parts(whole: i32, part: i32): i32 {
  return (whole + part - 1) / part;
}
