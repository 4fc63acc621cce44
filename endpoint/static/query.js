// Starts the SPARQL editor with our prefixes, our questions and a light table. Asks no other host for anything.
"use strict";

const FIRST = 500; // rows shown before "show more"

/** Shows rows as text, so that thousands of them do not freeze the page. */
class Rows {
  constructor(yasr) {
    this.yasr = yasr;
    this.priority = 20;
    this.label = "Rows";
  }

  canHandleResults() {
    return Boolean(this.yasr.results && this.yasr.results.getVariables() && this.yasr.results.getVariables().length);
  }

  getIcon() {
    const icon = document.createElement("span");
    icon.textContent = "▤";
    icon.setAttribute("aria-hidden", "true");
    return icon;
  }

  draw() {
    const variables = this.yasr.results.getVariables();
    const bindings = this.yasr.results.getBindings() || [];
    const box = document.createElement("div");
    box.className = "rows scroll";
    const table = box.appendChild(document.createElement("table"));
    const head = table.createTHead().insertRow();
    for (const name of variables) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name;
      head.append(cell);
    }
    const body = table.createTBody();
    const more = document.createElement("button");
    more.type = "button";
    let shown = 0;
    const show = () => {
      for (const row of bindings.slice(shown, shown + FIRST)) {
        const line = body.insertRow();
        for (const name of variables) fill(line.insertCell(), row[name]);
      }
      shown = Math.min(shown + FIRST, bindings.length);
      more.hidden = shown >= bindings.length;
      more.textContent = `Show more (${shown} of ${bindings.length} shown)`;
    };
    more.addEventListener("click", show);
    show();
    box.append(more);
    this.yasr.resultsEl.replaceChildren(box);
  }
}

function fill(cell, term) {
  if (!term) return;
  if (term.type === "uri" && /^https?:\/\//.test(term.value)) {
    const link = document.createElement("a");
    const local = term.value.startsWith(base) ? root + term.value.slice(base.length) : term.value;
    link.href = local;
    link.textContent = term.value.startsWith(base) ? term.value.slice(base.length) : term.value;
    cell.append(link);
  } else {
    cell.textContent = term.type === "triple" ? JSON.stringify(term.value) : term.value;
    if (term["xml:lang"]) cell.lang = term["xml:lang"];
    if (term.datatype) cell.title = term.datatype;
  }
}

const root = new URL(".", document.baseURI).pathname;
let base = "";

async function start() {
  const response = await fetch("questions.json");
  if (!response.ok) throw new Error(`the questions could not be loaded (${response.status})`);
  const { base: dataBase, prefixes, questions, terms } = await response.json();
  base = dataBase;

  const { Yasqe, Yasr } = Yasgui;
  const complete = (list) => (_, token) => {
    const start = (token && (token.stringToAutocomplete || token.autocompletionString)) || "";
    return Promise.resolve(list.filter((text) => text.startsWith(start)));
  };
  Yasqe.forkAutocompleter("prefixes", {
    name: "our-prefixes",
    get: complete(Object.entries(prefixes).map(([name, iri]) => `${name}: <${iri}>`).sort()),
    persistenceId: null,
  });
  Yasqe.forkAutocompleter("property", { name: "our-properties", get: complete(terms.properties), persistenceId: null });
  Yasqe.forkAutocompleter("class", { name: "our-classes", get: complete(terms.classes), persistenceId: null });
  Yasqe.defaults.autocompleters = ["our-prefixes", "our-properties", "our-classes", "variables"];
  Yasr.registerPlugin("rows", Rows);
  Yasr.defaults.pluginOrder = ["rows", "table", "boolean", "response"];
  Yasr.defaults.defaultPlugin = "rows";
  Yasr.defaults.prefixes = prefixes;

  const yasgui = new Yasgui(document.getElementById("yasgui"), {
    requestConfig: { endpoint: new URL("sparql", document.baseURI).href },
    endpointCatalogueOptions: { getData: () => [] },
    copyEndpointOnNewTab: true,
    persistenceId: `pactgraph_${location.host}`,
    yasqe: { value: questions[0].query },
  });

  const select = document.getElementById("example");
  select.replaceChildren(...questions.map(({ title }, index) => new Option(title, String(index))));
  select.disabled = false;
  document.querySelector("#examples button").disabled = false;
  const put = () => yasgui.getTab().getYasqe().setValue(questions[Number(select.value)].query);
  select.addEventListener("change", put);
  document.getElementById("examples").addEventListener("submit", (event) => {
    event.preventDefault();
    put();
    yasgui.getTab().getYasqe().query().catch(() => {}); // the editor shows the error beside the answer
  });
  if (!location.hash && yasgui.getTab().getQuery().includes("?sub ?pred ?obj")) put();
}

start().catch((error) => {
  document.getElementById("notice").textContent = `The editor did not start: ${error.message}.`;
});
