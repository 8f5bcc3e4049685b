import Telemetry
import Testing

@Suite struct MetricRegistryTests {
    @Test func `families are sorted by name, each with its help and its type before its series`() {
        let metrics = MetricRegistry()
        metrics.gauge("b_open", help: "Open now").set(-2)
        let counter = metrics.counter("a_total", help: "Counted", labels: [("service", "sts"), ("status", "2xx")])
        counter.increment()
        counter.increment(by: 2)
        metrics.counter("a_total", help: "Counted").increment()
        #expect(
            metrics.exposition() == """
                # HELP a_total Counted
                # TYPE a_total counter
                a_total{service="sts",status="2xx"} 3
                a_total 1
                # HELP b_open Open now
                # TYPE b_open gauge
                b_open -2

                """)
    }

    @Test func `an empty registry has an empty text`() {
        #expect(MetricRegistry().exposition() == "")
    }

    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("a\"b", "a\\\"b"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"), ("\\n", "\\\\n"),
        ("é😹{}=,", "é😹{}=,"), ("\"} 1\na 2", "\\\"} 1\\na 2"),
    ])
    func `no value of a label can end its quotes or its line`(_ value: String, _ escaped: String) {
        let metrics = MetricRegistry()
        metrics.counter("a", help: "h", labels: [("name", value)]).increment()
        #expect(metrics.exposition() == "# HELP a h\n# TYPE a counter\na{name=\"\(escaped)\"} 1\n")
    }

    @Test func `a help of several lines stays on its own`() {
        let metrics = MetricRegistry()
        _ = metrics.counter("a", help: "one\ntwo \\ three")
        #expect(metrics.exposition() == "# HELP a one\\ntwo \\\\ three\n# TYPE a counter\na 0\n")
    }

    @Test func `the same name and labels are the same metric, in the order of the labels`() {
        let metrics = MetricRegistry()
        let labels = [("a", "1"), ("b", "2")]
        #expect(metrics.counter("x", help: "h", labels: labels) === metrics.counter("x", help: "h", labels: labels))
        #expect(metrics.counter("x", help: "h", labels: labels) !== metrics.counter("x", help: "h"))
        #expect(metrics.gauge("y", help: "h") === metrics.gauge("y", help: "h"))
        #expect(metrics.histogram("z", help: "h") === metrics.histogram("z", help: "h"))
    }

    @Test func `a gauge goes both ways`() {
        let gauge = MetricRegistry().gauge("a", help: "h")
        gauge.add(5)
        gauge.add(-7)
        #expect(gauge.value == -2)
        gauge.set(1)
        #expect(gauge.value == 1)
    }

    @Test func `a histogram's buckets are cumulative, in seconds, and the last holds everything`() {
        let metrics = MetricRegistry()
        let histogram = metrics.histogram("d_seconds", help: "h", labels: [("o", "Put")])
        // A bound is the last value of its bucket.
        for microseconds in [0, 50, 51, 100, 2500, 60_000_000, 60_000_001] as [UInt64] {
            histogram.record(microseconds: microseconds)
        }
        let lines = metrics.exposition().split(separator: "\n").map(String.init)
        #expect(lines.count == 2 + DurationHistogram.boundsMicroseconds.count + 1 + 2)
        #expect(lines[2] == "d_seconds_bucket{o=\"Put\",le=\"5e-05\"} 2")
        #expect(lines[3] == "d_seconds_bucket{o=\"Put\",le=\"0.0001\"} 4")
        #expect(lines[7] == "d_seconds_bucket{o=\"Put\",le=\"0.0025\"} 5")
        #expect(lines[16] == "d_seconds_bucket{o=\"Put\",le=\"60.0\"} 6")
        #expect(lines[17] == "d_seconds_bucket{o=\"Put\",le=\"+Inf\"} 7")
        #expect(lines[18] == "d_seconds_sum{o=\"Put\"} 120.002702")
        #expect(lines[19] == "d_seconds_count{o=\"Put\"} 7")
    }

    @Test func `beyond the bound new series share one, and those that are known stay themselves`() {
        let metrics = MetricRegistry()
        let first = metrics.counter("f0", help: "h", labels: [("n", "0")])
        var count = 1
        var family = 0
        while count < MetricRegistry.seriesCountMax {
            // Many families: a series is looked for in its family one by one.
            for index in 0..<50 where count < MetricRegistry.seriesCountMax && (family, index) != (0, 0) {
                _ = metrics.counter("f\(family)", help: "h", labels: [("n", "\(index)")])
                count += 1
            }
            family += 1
        }
        let one = metrics.counter("f0", help: "h", labels: [("n", "new")])
        let other = metrics.counter("f0", help: "h", labels: [("n", "newer")])
        #expect(one === other)
        one.increment()
        #expect(metrics.exposition().contains("f0{overflow=\"true\"} 1\n"))
        #expect(metrics.counter("f0", help: "h", labels: [("n", "0")]) === first)
    }

    @Test func `counts of many tasks add up`() async {
        let metrics = MetricRegistry()
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    let counter = metrics.counter("a", help: "h", labels: [("n", "\(task % 2)")])
                    for _ in 0..<1000 { counter.increment() }
                }
            }
        }
        #expect(metrics.counter("a", help: "h", labels: [("n", "0")]).value == 4000)
        #expect(metrics.counter("a", help: "h", labels: [("n", "1")]).value == 4000)
    }
}
