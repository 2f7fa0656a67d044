// While targets are typed: by how much the parks' sum misses the county's, metric by metric.
(function () {
  "use strict";

  function number(input) {
    return input && input.value !== "" ? Number(input.value) : null;
  }

  function check(block) {
    var note = block.querySelector("[data-gap]");
    if (!note) return;
    var whole = number(block.querySelector("[data-holder='county'] input"));
    var parts = [];
    block.querySelectorAll("[data-holder='park']").forEach(function (row) {
      var value = number(row.querySelector("input"));
      if (value !== null) parts.push(value);
    });
    if (whole === null || !parts.length) {
      note.textContent = "";
      return;
    }
    var sum = parts.reduce(function (a, b) {
      return a + b;
    }, 0);
    var gap = Math.round((whole - sum) * 1e6) / 1e6;
    var words = gap === 0 ? note.dataset.even : gap > 0 ? note.dataset.short : note.dataset.over;
    note.textContent = words.replace("{}", Math.abs(gap).toLocaleString());
  }

  document.querySelectorAll("[data-targets]").forEach(function (block) {
    block.addEventListener("input", function () {
      check(block);
    });
    check(block);
  });
})();
