import Testing
import Upstream

struct RetryBudgetTests {
    @Test func `retries are a share of the requests, and what was saved up`() {
        var budget = RetryBudget(RetryBudget.Settings(percent: 20, retriesMax: 3))
        func withdrawals(_ count: Int) -> [Bool] { (0..<count).map { _ in budget.withdraw() } }
        #expect(withdrawals(4) == [true, true, true, false])
        for _ in 0..<4 { budget.deposit() }
        #expect(withdrawals(1) == [false])
        budget.deposit()
        #expect(withdrawals(2) == [true, false])
    }

    @Test func `no more is saved up than there may be`() {
        var budget = RetryBudget(RetryBudget.Settings(percent: 100, retriesMax: 2))
        for _ in 0..<50 { budget.deposit() }
        #expect((0..<3).map { _ in budget.withdraw() } == [true, true, false])
    }
}
