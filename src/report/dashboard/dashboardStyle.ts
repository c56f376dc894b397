/** What the dashboard adds to the look of pages. */
export const DASHBOARD_STYLE = `
body{max-width:96rem}
.skip{position:absolute;left:-99rem;top:.3rem;padding:.3rem .6rem;background:var(--bg);border:1px solid var(--line);z-index:3}
.skip:focus{left:.5rem}
main:focus,h2:focus{outline:none}
section:empty,.link:empty{display:none}
.link{position:sticky;top:0;z-index:2;margin:-1.5rem -1.5rem 1rem;padding:.45rem 1.5rem;background:var(--warn-soft);color:var(--warn);border-bottom:1px solid var(--line)}
.link.good{background:var(--good-soft);color:var(--good)}
nav a[aria-current]{color:var(--fg);font-weight:600;border-bottom:2px solid var(--link)}
#verdict .verdict{margin-top:1rem}
table.live{width:100%}
caption small{margin-left:.5rem;font-weight:400}
table.live thead th{position:sticky;top:0;background:var(--bg)}
table.live thead a{color:inherit;text-decoration:underline dotted;text-underline-offset:3px}
table.live thead th[aria-sort=descending] a::after{content:' ↓'}
table.live thead th[aria-sort=ascending] a::after{content:' ↑'}
table.live tbody tr:hover{background:var(--soft)}
table.live tbody tr:focus-within{background:var(--soft);box-shadow:inset 3px 0 var(--link)}
table.live tbody th,table.live tfoot th{padding-left:.5rem;position:sticky;left:0;background:var(--bg)}
table.live tbody tr:hover th,table.live tbody tr:focus-within th{background:var(--soft)}
table.live tbody a{color:var(--link)}
table.live tbody a:focus-visible{outline-offset:1px}
#picture video{display:block;width:100%;max-width:60rem;max-height:70vh;background:#000;border-radius:6px;margin:1rem 0 .4rem}
button{font:inherit;color:var(--link);background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:.25rem .8rem;cursor:pointer}
button:hover{border-color:var(--link)}
body.stale main{opacity:.75}
@media(max-width:40rem){.link{margin:-1rem -.8rem 1rem;padding:.45rem .8rem}}
@media(prefers-reduced-motion:no-preference){.link,main{transition:opacity .3s}}
`;
