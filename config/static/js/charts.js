// Draws the tables of the page that ask for it (data-chart) as charts beside them. The table
// stays: it is what a screen reader reads and what prints. ECharts is fetched once the first
// chart comes near; without it, or without JavaScript, the table is all there is.
//
//   <table id="t" data-chart="bar|line" [data-flat]>   rows: th is the category
//     <td data-series="name" data-value="12.5" [data-unit] [data-note] [data-mark]
//         [data-axis="0"] [data-style="dashed|faint"]>
//   <div class="chart" data-chart-of="t" [data-axis="0"] hidden>
(function () {
  "use strict";

  var source = document.currentScript.dataset.echarts;
  var still = window.matchMedia("(prefers-reduced-motion: reduce)");
  var MOST = 24;
  var charts = new Map();
  var loading = null;

  function load() {
    if (!loading) {
      loading = new Promise(function (done, failed) {
        var script = document.createElement("script");
        script.src = source;
        script.onload = done;
        script.onerror = failed;
        document.head.appendChild(script);
      });
    }
    return loading;
  }

  // What the table says: categories, and series by name with a value or nothing for each.
  function read(table, axis) {
    var found = { categories: [], series: [] };
    var byName = {};
    Array.from(table.tBodies[0].rows).forEach(function (row, at) {
      found.categories.push(row.cells[0].textContent.trim());
      Array.from(row.querySelectorAll("td[data-series]")).forEach(function (cell) {
        if (axis !== undefined && cell.dataset.axis !== axis) return;
        var name = cell.dataset.series;
        var series = byName[name];
        if (!series) {
          series = byName[name] = { name: name, style: cell.dataset.style, unit: cell.dataset.unit || "", values: [], notes: [] };
          found.series.push(series);
        }
        if (cell.dataset.value !== "") series.values[at] = Number(cell.dataset.value);
        series.notes[at] = cell.dataset.note || "";
        if (cell.dataset.mark) series.mark = Number(cell.dataset.mark);
      });
    });
    // A series without any value (no plan) is none; a row without a value is a gap.
    found.series = found.series.filter(function (series) {
      return series.values.some(function (value) { return value !== undefined; });
    });
    found.series.forEach(function (series) {
      series.values = found.categories.map(function (_, at) {
        return series.values[at] === undefined ? null : series.values[at];
      });
    });
    return found;
  }

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function drawn(series, kind, at, flat) {
    var faint = series.style === "faint";
    var tone = faint ? colour("--gb-muted") : series.style === "dashed" ? colour("--gb-ink") : at ? colour("--gb-rule-strong") : colour("--gb-accent");
    return {
      name: series.name,
      type: kind,
      data: series.values,
      color: tone,
      barMaxWidth: 28,
      symbolSize: series.style ? 0 : 6,
      lineStyle: { type: series.style === "dashed" ? "dashed" : "solid", width: series.style ? 1.5 : 2.5, opacity: faint ? 0.7 : 1 },
      label: {
        show: kind === "bar",
        position: flat ? "right" : "top",
        color: colour("--gb-ink"),
        formatter: function (point) {
          var note = series.notes[point.dataIndex];
          return point.value === null ? "" : point.value + (series.unit && " " + series.unit) + (note ? "  " + note : "");
        },
      },
      markLine: series.mark === undefined ? undefined : {
        silent: true,
        symbol: "none",
        lineStyle: { color: colour("--gb-ink"), type: "dashed" },
        label: { formatter: series.mark + " " + series.unit, color: colour("--gb-ink"), position: flat ? "start" : "insideEndTop" },
        data: [flat ? { xAxis: series.mark } : { yAxis: series.mark }],
      },
    };
  }

  function options(table, axis) {
    var found = read(table, axis);
    var flat = table.hasAttribute("data-flat");
    var kind = table.dataset.chart;
    var noted = found.series.some(function (series) { return series.notes.some(Boolean); });
    var quiet = { axisLabel: { color: colour("--gb-muted") }, axisLine: { lineStyle: { color: colour("--gb-rule-strong") } }, splitLine: { lineStyle: { color: colour("--gb-rule") } } };
    var values = Object.assign({ type: "value" }, quiet);
    var names = Object.assign({ type: "category", data: found.categories, inverse: flat, axisTick: { show: false } }, quiet);
    names.axisLabel = { color: colour("--gb-ink"), width: flat ? 110 : 96, overflow: flat ? "truncate" : "break", interval: kind === "line" ? "auto" : 0 };
    return {
      animation: !still.matches,
      animationDuration: 300,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: flat ? (noted ? 116 : 64) : 16, top: 36, bottom: 8, containLabel: true },
      legend: { top: 0, left: 0, textStyle: { color: colour("--gb-ink") }, icon: "roundRect", itemHeight: 8 },
      // The tooltip's HTML would need inline styles, which the site forbids: it is painted.
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: colour("--gb-sheet"), borderColor: colour("--gb-rule-strong"), textStyle: { color: colour("--gb-ink") } },
      xAxis: flat ? values : names,
      yAxis: flat ? names : values,
      series: found.series.map(function (series, at) { return drawn(series, kind, at, flat); }),
    };
  }

  function draw(place) {
    var table = document.getElementById(place.dataset.chartOf);
    if (!table || !window.echarts) return;
    var wanted = options(table, place.dataset.axis);
    if (!wanted.series.length) return;
    if (table.hasAttribute("data-flat") && wanted.yAxis.data.length > MOST) return; // the table is clearer
    if (table.hasAttribute("data-flat")) {
      place.style.height = 76 + wanted.yAxis.data.length * Math.max(22 * wanted.series.length, 30) + "px";
    }
    place.hidden = false;
    var chart = charts.get(place) || window.echarts.init(place, null, { renderer: "canvas" });
    charts.set(place, chart);
    chart.setOption(wanted, true);
  }

  var near = new IntersectionObserver(
    function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) return;
        near.unobserve(entry.target);
        load().then(function () {
          document.querySelectorAll('[data-chart-of="' + entry.target.id + '"]').forEach(draw);
        }, function () {}); // the tables say it all
      });
    },
    { rootMargin: "400px" }
  );

  function watch(root) {
    root.querySelectorAll("table[data-chart]").forEach(function (table) {
      if (!table.dataset.watched) {
        table.dataset.watched = "yes";
        near.observe(table);
      }
    });
  }

  function redraw() {
    charts.forEach(function (chart, place) {
      if (place.isConnected) {
        draw(place);
      } else {
        chart.dispose();
        charts.delete(place);
      }
    });
  }

  watch(document);
  document.addEventListener("htmx:afterSettle", function () {
    watch(document);
  });
  window.addEventListener("resize", function () {
    charts.forEach(function (chart) { chart.resize(); });
  });
  new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
