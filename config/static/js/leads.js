// Shares of credit: their sum is shown while they are typed. The server checks it again.
(function () {
  "use strict";

  document.querySelectorAll("[data-sums-to]").forEach(function (group) {
    var whole = Number(group.dataset.sumsTo) * 100;
    var output = group.querySelector("[data-sum]");
    var wrong = group.querySelector("[data-sum-wrong]");
    var inputs = group.querySelectorAll("input");

    function show() {
      var given = Array.prototype.filter.call(inputs, function (input) {
        return input.value !== "";
      });
      // In hundredths: 33.33 + 33.33 + 33.34 is a hundred.
      var sum = given.reduce(function (total, input) {
        return total + Math.round(Number(input.value) * 100);
      }, 0);
      output.value = String(sum / 100);
      wrong.hidden = !given.length || sum === whole;
    }

    inputs.forEach(function (input) {
      input.addEventListener("input", show);
    });
    show();
  });
})();
