// The learner's courses: a course is begun, what was not counted is appealed. Everything else is plain links.
"use strict";

async function deed(form, asked) {
  const said = form.querySelector("[role=status]");
  const button = form.querySelector("button");
  button.disabled = true;
  said.textContent = "";
  try {
    const answer = await fetch("/learn/deed", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(asked),
    });
    const told = await answer.json();
    said.textContent = told.words;
    if (answer.ok) location.reload();
  } catch {
    said.textContent = "没有连上系统，请检查网络后再试。";
  }
  button.disabled = false;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches(".begin, .appeal")) return;
  event.preventDefault();
  if (form.matches(".begin")) {
    deed(form, { do: "begin", course: Number(form.dataset.course), year: Number(form.elements.year.value) });
  } else if (form.matches(".appeal")) {
    const about = form.dataset.paper ? { paper: Number(form.dataset.paper) } : { time: Number(form.dataset.time) };
    deed(form, { do: "appeal", ...about, words: form.elements.words.value });
  }
});

// Answers that this browser still has of an exam it was away from: the server takes them, or keeps them as too late and
// the result names them. Another learner's stay where they are.
async function handOver() {
  for (const name of Object.keys(localStorage)) {
    const paper = name.match(/^exam-(\d+)$/)?.[1];
    if (!paper) continue;
    const waiting = JSON.parse(localStorage.getItem(name)) || {};
    let late = false;
    for (const [place, { chosen, sequence }] of Object.entries(waiting)) {
      const answer = await fetch(`/learn/paper/${paper}/answers`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ place: Number(place), chosen, sequence }),
      });
      if (![200, 409, 412].includes(answer.status)) continue;
      late ||= answer.status === 409;
      delete waiting[place];
    }
    if (Object.keys(waiting).length) localStorage.setItem(name, JSON.stringify(waiting));
    else localStorage.removeItem(name);
    if (late && location.pathname === `/learn/paper/${paper}`) location.reload();
  }
}

handOver().catch(() => {}); // kept here, and tried again when a page of the learner's is opened next
