import Testing
import Upstream

struct OutlierEjectionTests {
    private let settings = OutlierEjection.Settings(
        failuresMax: 3, base: .seconds(10), max: .seconds(30), sharePercentMax: 50)
    private let start = ContinuousClock.now

    private func fail(_ ejection: inout OutlierEjection, times: Int = 3, at seconds: Int = 0) {
        let now = self.start + .seconds(seconds)
        for _ in 0..<times where ejection.record(isGood: false, at: now, self.settings) {
            ejection.eject(at: now, self.settings)
        }
    }

    private func succeed(_ ejection: inout OutlierEjection, at seconds: Int = 0) {
        _ = ejection.record(isGood: true, at: self.start + .seconds(seconds), self.settings)
    }

    private func isEjected(_ ejection: OutlierEjection, at seconds: Int) -> Bool {
        ejection.isEjected(at: self.start + .seconds(seconds))
    }

    @Test func `failures in a row leave an endpoint out for a while`() {
        var ejection = OutlierEjection()
        self.fail(&ejection, times: 2)
        #expect(!self.isEjected(ejection, at: 0))
        self.fail(&ejection, times: 1)
        #expect(self.isEjected(ejection, at: 9))
        #expect(!self.isEjected(ejection, at: 10))
    }

    @Test func `a success begins the count anew`() {
        var ejection = OutlierEjection()
        self.fail(&ejection, times: 2)
        self.succeed(&ejection)
        self.fail(&ejection, times: 2)
        #expect(!self.isEjected(ejection, at: 0))
    }

    @Test(arguments: [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] as [(Int, Int)])
    func `no more than a share is left out`(_ count: Int, _ ejected: Int) {
        let allowed = (0..<count).count { OutlierEjection.mayEject(ejected: $0, of: count, self.settings) }
        #expect(allowed == ejected)
    }

    @Test func `each time is twice as long, up to a bound`() {
        var ejection = OutlierEjection()
        self.fail(&ejection)
        self.fail(&ejection, at: 10)
        #expect(self.isEjected(ejection, at: 29))
        self.fail(&ejection, at: 30)
        #expect(self.isEjected(ejection, at: 59))
        #expect(!self.isEjected(ejection, at: 60))
    }

    @Test func `an endpoint that was well for as long as it was out begins anew`() {
        var ejection = OutlierEjection()
        self.fail(&ejection)
        self.succeed(&ejection, at: 20)
        self.fail(&ejection, at: 21)
        #expect(self.isEjected(ejection, at: 30))
        #expect(!self.isEjected(ejection, at: 31))
    }

    @Test func `what ends while an endpoint is out does not count`() {
        var ejection = OutlierEjection()
        self.fail(&ejection)
        self.fail(&ejection, at: 5)
        #expect(!self.isEjected(ejection, at: 10))
    }
}
