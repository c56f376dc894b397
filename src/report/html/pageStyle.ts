/** How pages look: in light and in dark, on a telephone and on paper. No attribute carries a style of its own. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#dfe3e8;--soft:#f5f7f9;--link:#0b5cad;
--good:#1a7440;--warn:#8a5a00;--bad:#b4232c;--good-soft:#e9f6ee;--warn-soft:#fdf4e1;--bad-soft:#fdecec;
--rate:#2a6db5;--delay:#0b7a75;--jitter:#7549b0;--mdi:#96570f;--network:#c2303a;--socket:#d17a0a;--application:#68727e;--mixed:#8b3a9b}
@media(prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e3e7eb;--dim:#9aa5b1;--line:#2b3138;--soft:#1b2026;--link:#6db3f2;
--good:#56c78a;--warn:#e3b04b;--bad:#ff7b7b;--good-soft:#152a1f;--warn-soft:#2c2414;--bad-soft:#331a1c;
--rate:#6ea9e4;--delay:#4fc2bb;--jitter:#b594e8;--mdi:#d9a05b;--network:#ff7b72;--socket:#f0b35a;--application:#a3acb8;--mixed:#d08be0}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0 auto;max-width:76rem;padding:1.5rem 1.5rem 4rem;background:var(--bg);color:var(--fg);
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
a{color:inherit;text-decoration:underline;text-decoration-color:var(--line);text-underline-offset:2px}
a:hover,nav a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
h1{font-size:1.3rem;line-height:1.3;margin:0 0 .35rem;font-weight:650;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2.2rem 0 .7rem;padding-bottom:.25rem;border-bottom:1px solid var(--line);font-weight:650}
h3{font-size:1rem;margin:1.4rem 0 .5rem;font-weight:650}
h4{font-size:.93rem;margin:1.3rem 0 .4rem;font-weight:650}
h5{font-size:.85rem;margin:1rem 0 .4rem;font-weight:650}
h3 small,h4 small{font-weight:400;color:var(--dim);margin-left:.35rem}
p{margin:.3rem 0}
header p,.note,small{color:var(--dim)}
.note{font-size:.85rem}
code,pre{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
code{overflow-wrap:anywhere}
pre{background:var(--soft);padding:.6rem .8rem;border-radius:6px;overflow:auto;max-height:24rem;white-space:pre-wrap;overflow-wrap:anywhere}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;margin:.8rem 0 0;padding:0;font-size:.88rem}
nav a{text-decoration:none}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.dim{color:var(--dim)}
.tag{display:inline-block;font-size:.76rem;line-height:1.4;padding:0 .4rem;border-radius:4px;background:var(--soft);border:1px solid var(--line);color:var(--dim)}
.tag.bad{background:var(--bad-soft);color:var(--bad)}.tag.warn{background:var(--warn-soft);color:var(--warn)}
.verdict{border-left:5px solid var(--dim);background:var(--soft);padding:.8rem 1rem;border-radius:0 6px 6px 0}
.verdict.good{border-color:var(--good);background:var(--good-soft)}.verdict.warn{border-color:var(--warn);background:var(--warn-soft)}.verdict.bad{border-color:var(--bad);background:var(--bad-soft)}
.verdict,.verdict ul{color:var(--fg)}
.outcome{font-size:1.25rem;font-weight:650;margin:0 0 .2rem}
.verdict.good .outcome{color:var(--good)}.verdict.warn .outcome{color:var(--warn)}.verdict.bad .outcome{color:var(--bad)}
.verdict ul{margin:.5rem 0 0;padding:0;list-style:none}.verdict li{margin:.2rem 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.6rem;margin:1rem 0}
.tiles div{border:1px solid var(--line);border-radius:6px;padding:.5rem .75rem}
.tiles dt{font-size:.78rem;color:var(--dim)}
.tiles dd{margin:0;font-size:1.3rem;font-weight:600;white-space:nowrap}
.tiles .bad dd{color:var(--bad)}
.tiles small{display:block;font-size:.78rem;font-weight:400;white-space:normal}
.scroll{overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;font-size:.86rem}
caption{text-align:left;font-weight:600;padding:.3rem 0;white-space:nowrap}
th,td{padding:.22rem .7rem .22rem 0;text-align:right;white-space:nowrap;vertical-align:top;border-bottom:1px solid var(--line);unicode-bidi:isolate}
thead th{font-weight:500;color:var(--dim);vertical-align:bottom;white-space:normal;line-height:1.25}
tbody th{font-weight:400;text-align:left}
thead th:first-child{text-align:left}
th.t,td.t{text-align:left}
bdi.name{display:inline-block;max-width:30rem;white-space:normal;overflow-wrap:anywhere;vertical-align:top}
th.long,td.long{white-space:normal;max-width:30rem;min-width:7rem;overflow-wrap:anywhere}
tr.bad th,tr.bad td{color:var(--bad)}tr.warn th,tr.warn td{color:var(--warn)}tr.dim th,tr.dim td{color:var(--dim)}
td.bad{color:var(--bad)}
abbr{text-decoration:none;color:var(--dim);cursor:help}
table.sort thead button{all:unset;cursor:pointer;text-decoration:underline dotted;text-underline-offset:3px}
table.sort thead button:hover{color:var(--link)}
th[aria-sort=descending] button::after{content:' ↓'}th[aria-sort=ascending] button::after{content:' ↑'}
table.sort thead button:focus-visible{outline:2px solid var(--link)}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(19.5rem,1fr));gap:0 2rem;margin:.5rem 0;font-size:.86rem}
.facts div{display:flex;justify-content:space-between;gap:1rem;padding:.2rem 0;border-bottom:1px solid var(--line)}
.facts dt{color:var(--dim)}.facts dd{margin:0;text-align:right;overflow-wrap:anywhere}
.groups{display:grid;grid-template-columns:repeat(auto-fill,minmax(16rem,1fr));gap:.8rem 2rem;margin:1rem 0;align-items:start}
.groups.pairs{grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr))}
.groups table{width:100%}.groups th,.groups td{padding-right:0}.groups tbody th{white-space:normal}.groups td,.groups thead th{padding-left:.8rem}.groups td.long{min-width:0}
.beside{display:flex;flex-wrap:wrap;gap:0 3rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));gap:1rem 2rem;margin:1rem 0}
.charts.small{grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr))}
.charts:empty{display:none}
figure{margin:0;position:relative;min-width:0}
figcaption{font-size:.86rem}
figcaption b{font-weight:600;margin-right:.4rem}
figcaption small{white-space:nowrap}
.quiet p{color:var(--dim);font-size:.86rem}
svg{display:block;overflow:visible}
.plot text{fill:var(--dim);font-size:11px;text-anchor:middle}
.plot text.level,.plot text.start{text-anchor:start}.plot text.end{text-anchor:end}
.plot text.level,.plot text.mark{paint-order:stroke;stroke:var(--bg);stroke-width:3px;stroke-linejoin:round}
.plot text.mark{fill:var(--fg)}
line.grid{stroke:var(--line)}
line.mark{stroke:var(--fg);stroke-opacity:.45;stroke-dasharray:2 2}
line.cursor{stroke:var(--fg);stroke-opacity:.5}
.line{fill:none;stroke:currentColor;stroke-width:1.5px;stroke-linecap:round;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.line.thin{stroke-width:1px;stroke-opacity:.55}
.band{fill:currentColor;fill-opacity:.2;stroke:none}
.bar{fill:currentColor;stroke:none}
.ground{fill:var(--soft)}.strip{stroke:currentColor;stroke-width:10;fill:none}
.spark{display:inline-block;vertical-align:middle}
.c-rate{color:var(--rate)}.c-delay{color:var(--delay)}.c-jitter{color:var(--jitter)}.c-mdi{color:var(--mdi)}
.c-network{color:var(--network)}.c-socket{color:var(--socket)}.c-application{color:var(--application)}.c-mixed{color:var(--mixed)}
i.key{display:inline-block;width:.9em;height:.7em;margin:0 .3em 0 .5em;border-radius:2px}
i.key.bar{background:currentColor}i.key.band{background:currentColor;opacity:.3}i.key.line{height:0;border-top:2px solid currentColor;vertical-align:middle}i.key.thin{border-top-width:1px;opacity:.6}
details{margin:.5rem 0}
summary{cursor:pointer;color:var(--link);font-size:.88rem}
details.stream>summary h3{display:inline;color:var(--fg)}
details.stream{border-bottom:1px solid var(--line);padding-bottom:.4rem}
details.missing dl{margin:.4rem 0;font-size:.86rem}
details.missing div{padding:.25rem 0;border-bottom:1px solid var(--line)}
details.missing dt{color:var(--dim)}details.missing dd{margin:0}
article.run+article.run{border-top:3px solid var(--line);margin-top:3rem;padding-top:1rem}
table.definitions td.long{max-width:38rem}
.tip{position:absolute;z-index:2;pointer-events:none;background:var(--bg);border:1px solid var(--line);border-radius:6px;box-shadow:0 2px 10px rgba(0,0,0,.18);padding:.4rem .6rem;font-size:.8rem;white-space:nowrap}
.tip div{display:flex;justify-content:space-between;gap:1.2rem}.tip span:first-child{color:var(--dim)}
footer{margin-top:3rem;color:var(--dim);font-size:.8rem}
@media(max-width:40rem){body{padding:1rem .8rem 3rem;font-size:15px}.facts,.groups{grid-template-columns:1fr}.tiles{grid-template-columns:1fr 1fr}.tiles dd{font-size:1.1rem}.beside{gap:0}}
@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--dim:#444;--line:#ccc;--soft:#f4f4f4;--link:#000;--good:#1a7440;--warn:#7a5000;--bad:#b4232c;--good-soft:#fff;--warn-soft:#fff;--bad-soft:#fff;
--rate:#2a6db5;--delay:#0b7a75;--jitter:#7549b0;--mdi:#96570f;--network:#c2303a;--socket:#d17a0a;--application:#68727e;--mixed:#8b3a9b}
@page{margin:14mm}body{max-width:none;padding:0;font-size:9pt}nav,.tip{display:none}a{text-decoration:none}
figure,tr,.tiles,.verdict,.facts div{break-inside:avoid}h2,h3,h4,h5,caption,summary{break-after:avoid}
.scroll{overflow:visible}table{font-size:7.5pt}th,td,th.t,td.t{white-space:normal;overflow-wrap:anywhere;padding-right:.4rem}th.long,td.long{min-width:0}.spark{width:4rem}.charts{grid-template-columns:1fr 1fr}details.points{display:none}pre{max-height:none}.verdict{border:1px solid;border-left-width:5px}
details::details-content{content-visibility:visible;display:block}}
`;
