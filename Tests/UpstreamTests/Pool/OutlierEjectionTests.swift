import Testing
import Upstream

struct OutlierEjectionTests {
    private let settings = OutlierEjection.Settings(
        failuresMax: 3, base: .seconds(10), max: .seconds(30), sharePercentMax: 50)
    private let start = ContinuousClock.now

    private func fail(
        _ ejection: inout OutlierEjection, _ node: Int, times: Int = 3, at seconds: Int = 0, of count: Int = 4
    ) {
        for _ in 0..<times {
            _ = ejection.record(
                isGood: false, .node(node), at: self.start + .seconds(seconds), endpointCount: count, self.settings)
        }
    }

    private func isEjected(_ ejection: OutlierEjection, _ node: Int, at seconds: Int) -> Bool {
        ejection.isEjected(.node(node), at: self.start + .seconds(seconds))
    }

    @Test func `failures in a row leave an endpoint out for a while`() {
        var ejection = OutlierEjection()
        self.fail(&ejection, 1, times: 2)
        #expect(!self.isEjected(ejection, 1, at: 0))
        self.fail(&ejection, 1, times: 1)
        #expect(self.isEjected(ejection, 1, at: 9))
        #expect(!self.isEjected(ejection, 1, at: 10))
        #expect(!self.isEjected(ejection, 2, at: 0))
    }

    @Test func `a success begins the count anew`() {
        var ejection = OutlierEjection()
        self.fail(&ejection, 1, times: 2)
        _ = ejection.record(isGood: true, .node(1), at: self.start, endpointCount: 4, self.settings)
        self.fail(&ejection, 1, times: 2)
        #expect(!self.isEjected(ejection, 1, at: 0))
    }

    @Test(arguments: [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] as [(Int, Int)])
    func `no more than a share is left out`(_ count: Int, _ ejected: Int) {
        var ejection = OutlierEjection()
        for node in 0..<count { self.fail(&ejection, node, of: count) }
        #expect(ejection.ejectedCount(at: self.start) == ejected)
    }

    @Test func `each time is twice as long, up to a bound`() {
        var ejection = OutlierEjection()
        self.fail(&ejection, 1)
        self.fail(&ejection, 1, at: 10)
        #expect(self.isEjected(ejection, 1, at: 29))
        self.fail(&ejection, 1, at: 30)
        #expect(self.isEjected(ejection, 1, at: 59))
        #expect(!self.isEjected(ejection, 1, at: 60))
    }

    @Test func `an endpoint that was well for as long as it was out begins anew`() {
        var ejection = OutlierEjection()
        self.fail(&ejection, 1)
        _ = ejection.record(
            isGood: true, .node(1), at: self.start + .seconds(20), endpointCount: 4, self.settings)
        self.fail(&ejection, 1, at: 21)
        #expect(self.isEjected(ejection, 1, at: 30))
        #expect(!self.isEjected(ejection, 1, at: 31))
    }

    @Test func `what ends while an endpoint is out does not count`() {
        var ejection = OutlierEjection()
        self.fail(&ejection, 1)
        self.fail(&ejection, 1, at: 5)
        #expect(!self.isEjected(ejection, 1, at: 10))
    }

    @Test func `an endpoint that is gone is forgotten`() {
        var ejection = OutlierEjection()
        self.fail(&ejection, 1)
        ejection.keep(only: [.node(2)])
        #expect(ejection == OutlierEjection())
    }
}
