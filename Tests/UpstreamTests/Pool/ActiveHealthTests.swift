import Testing
import Upstream

struct ActiveHealthTests {
    private let rules = ActiveHealth.Settings(unhealthyAfter: 3, healthyAfter: 2)

    private func health(_ checks: [Bool]) -> Bool {
        var health = ActiveHealth()
        for check in checks { _ = health.record(isGood: check, self.rules) }
        return health.isHealthy
    }

    @Test(
        arguments: [
            ([], true), ([false], false), ([true], true), ([true, false, false], true),
            ([true, false, false, false], false),
            ([true, false, false, true, false, false], true), ([false, true], false), ([false, true, true], true),
            ([false, true, false, true], false),
        ] as [([Bool], Bool)])
    func `so many checks in a row decide, and the first one alone`(_ checks: [Bool], _ isHealthy: Bool) {
        #expect(self.health(checks) == isHealthy)
    }

    @Test func `a change is told once`() {
        var health = ActiveHealth()
        let changes = [true, false, false, false, false, true, true, true].map {
            health.record(isGood: $0, self.rules)
        }
        #expect(changes == [false, false, false, true, false, false, true, false])
    }
}
