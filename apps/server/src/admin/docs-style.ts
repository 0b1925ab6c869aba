/** The style of the documentation page: system fonts, light and dark, readable on a telephone. */
export const docsStyle = `
:root {
  --ink: #1c2024; --soft: #60646c; --line: #e4e6ea; --page: #fff; --side: #f8f9fb; --accent: #b4501e;
  --get: #1a6f5a; --post: #1f5fae; --delete: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e8eb; --soft: #9ba1a9; --line: #2c3036; --page: #111316; --side: #16191d; --accent: #f0965f;
    --get: #5ccfae; --post: #7cb4f5; --delete: #f2918a;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1.5rem; }
body {
  margin: 0; display: grid; grid-template-columns: 19rem minmax(0, 1fr); color: var(--ink); background: var(--page);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
nav {
  position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem; background: var(--side);
  border-right: 1px solid var(--line); font-size: .875rem;
}
nav .home { font-size: 1.5rem; font-weight: 700; color: var(--ink); }
nav .home small { margin-left: .5rem; font-weight: 400; color: var(--soft); }
nav h2 { margin: 1.5rem 0 .25rem; font-size: .75rem; letter-spacing: .06em; text-transform: uppercase; }
nav h2 a { color: var(--soft); }
nav ul { margin: 0; padding: 0; list-style: none; }
nav li a { display: block; padding: .15rem 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--ink); }
main { padding: 2.5rem clamp(1rem, 4vw, 4rem) 6rem; max-width: 64rem; }
h1 { margin: 0; font-size: 2.25rem; letter-spacing: -.02em; }
main section > h2 { margin: 3.5rem 0 0; padding-top: 1rem; border-top: 2px solid var(--ink); font-size: 1.5rem; }
.lead { margin-top: .25rem; font-size: 1.2rem; color: var(--soft); }
article { margin-top: 2rem; padding-bottom: 1rem; border-bottom: 1px solid var(--line); }
h3 { margin: 0; font-size: 1.1rem; overflow-wrap: anywhere; }
h3 i { margin-left: .5rem; padding: 0 .4rem; border: 1px solid var(--line); border-radius: 1rem; font: 400 .75rem/1.5 system-ui; color: var(--soft); }
h4 { margin: 1rem 0 .25rem; font-size: .8rem; color: var(--soft); }
p { margin: .4rem 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
code { font: .875em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
b.GET, b.POST, b.DELETE { display: inline-block; min-width: 2.9rem; font-size: .72em; letter-spacing: .04em; }
b.GET { color: var(--get); } b.POST { color: var(--post); } b.DELETE { color: var(--delete); }
dl { margin: 0; display: grid; grid-template-columns: 3rem 1fr; gap: .35rem .5rem; }
dd { margin: 0; } dd small { color: var(--soft); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 400; white-space: nowrap; } th small { color: var(--soft); }
@media (max-width: 50rem) {
  body { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); }
}
@media print { nav { display: none; } body { display: block; } }
`
