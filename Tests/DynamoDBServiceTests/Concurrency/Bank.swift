import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

/// Accounts whose money moves by transactions and is counted meanwhile: the sum is always the same.
struct Bank: Sendable {
    static let accountCount = 8
    static let startBalance = 100
    static let total = accountCount * startBalance

    let calls: any ItemCalls
    /// Named where something is wrong.
    let note: String

    private static func key(_ account: Int) -> [(String, AttributeValue)] {
        DynamoDBServiceTests.key("bank", account)
    }

    private static func entries(_ account: Int, _ balance: Int) -> [(String, AttributeValue)] {
        self.key(account) + [("n", int(balance)), ("gp", .s("bank")), ("gs", int(account % 3))]
    }

    /// Opens all accounts, in the table `ItemFixture.indexed`.
    func open() async throws(ServiceError) {
        for account in 0..<Self.accountCount {
            try await self.calls.put(Self.entries(account, Self.startBalance))
        }
    }

    /// Does `body` so often, until the process ends.
    private func many(_ count: Int, _ body: (Int) async throws(ServiceError) -> Void) async {
        for number in 0..<count {
            do throws(ServiceError) {
                try await body(number)
            } catch {
                switch Refusal(error) {
                case .conditionFailed, .conflict: continue
                case .unanswered: return
                case .other(let error): Issue.record("\(self.note): \(error)")
                }
            }
        }
    }

    // Moving

    func transfer(_ count: Int, _ generator: SeededGenerator, name: String) async {
        var generator = generator
        await self.many(count) { (number) async throws(ServiceError) in
            let accounts = Array(0..<Self.accountCount).shuffled(using: &generator)
            let amount = Int.random(in: 1...40, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: try await self.statements(from: accounts[0], to: accounts[1], amount)
            case 1: try await self.close(accounts[0], into: accounts[1])
            case 2: try await self.reopen(accounts[0], from: accounts[1], amount)
            default:
                let token = Bool.random(using: &generator) ? "\(name)-\(number)" : nil
                try await self.move(from: accounts[0], to: Array(accounts[1...2]), amount, token)
            }
        }
    }

    private static func change(_ account: Int, by amount: Int, _ condition: String) -> TransactWriteItem {
        let isWithdrawal = amount < 0
        var values = [(":d", int(amount))]
        if isWithdrawal { values.append((":least", int(-amount))) }
        return TransactWriteItem(
            update: Update(
                key: item(self.key(account)), updateExpression: "SET n = n + :d", tableName: ItemFixture.table,
                conditionExpression: isWithdrawal ? "n >= :least" : condition,
                expressionAttributeValues: item(values)))
    }

    private func move(from: Int, to: [Int], _ amount: Int, _ token: String?) async throws(ServiceError) {
        var actions = [Self.change(from, by: -amount * to.count, "")]
        for account in to { actions.append(Self.change(account, by: amount, "attribute_exists(pk)")) }
        let input = TransactWriteItemsInput(transactItems: actions, clientRequestToken: token)
        _ = try await self.calls.service.transactWriteItems(input, self.calls.context)
        if token != nil { _ = try await self.calls.service.transactWriteItems(input, self.calls.context) }
    }

    private func statements(from: Int, to: Int, _ amount: Int) async throws(ServiceError) {
        let take = ParameterizedStatement(
            statement: "UPDATE items SET n = n - ? WHERE pk = 'bank' AND sk = ? AND n >= ?",
            parameters: [int(amount), int(from), int(amount)].map(BoundAttributeValue.init))
        let give = ParameterizedStatement(
            statement: "UPDATE items SET n = n + ? WHERE pk = 'bank' AND sk = ?",
            parameters: [int(amount), int(to)].map(BoundAttributeValue.init))
        _ = try await self.calls.service.executeTransaction(
            ExecuteTransactionInput(transactStatements: [take, give]), self.calls.context)
    }

    /// What an account holds moves to another, and it is gone.
    private func close(_ account: Int, into other: Int) async throws(ServiceError) {
        guard case .n(let balance)? = try await self.calls.stored(Self.key(account))?["n"],
            let amount = Int(balance.text)
        else { return }
        let delete = Delete(
            key: item(Self.key(account)), tableName: ItemFixture.table, conditionExpression: "n = :n",
            expressionAttributeValues: item([(":n", int(amount))]))
        let input = TransactWriteItemsInput(
            transactItems: [
                TransactWriteItem(delete: delete), Self.change(other, by: amount, "attribute_exists(pk)"),
            ])
        _ = try await self.calls.service.transactWriteItems(input, self.calls.context)
    }

    /// An account that is not there is opened with money of another.
    private func reopen(_ account: Int, from other: Int, _ amount: Int) async throws(ServiceError) {
        let put = Put(
            item: item(Self.entries(account, amount)), tableName: ItemFixture.table,
            conditionExpression: "attribute_not_exists(pk)")
        let input = TransactWriteItemsInput(
            transactItems: [TransactWriteItem(put: put), Self.change(other, by: -amount, "")])
        _ = try await self.calls.service.transactWriteItems(input, self.calls.context)
    }

    // Counting

    func audit(_ count: Int, _ generator: SeededGenerator) async {
        var generator = generator
        await self.many(count) { (_) async throws(ServiceError) in
            let way = Int.random(in: 0..<6, using: &generator)
            let items = try await self.accounts(way)
            var sum = 0
            for item in items {
                guard case .n(let balance)? = shown(item)["n"] else {
                    Issue.record("\(self.note): an account without a balance, by way \(way)")
                    continue
                }
                sum += Int(balance.text) ?? -1
            }
            #expect(sum == Self.total, "\(self.note): counted by way \(way)")
        }
    }

    private func accounts(_ way: Int) async throws(ServiceError) -> [AttributeMap] {
        let (service, context) = (self.calls.service, self.calls.context)
        switch way {
        case 0: return try await self.calls.query("pk = :p", [(":p", .s("bank"))]).items ?? []
        case 1: return try await self.calls.query("gp = :p", [(":p", .s("bank"))], index: "whole").items ?? []
        case 2: return try await self.calls.scan().items ?? []
        case 3:
            let statements = (0..<Self.accountCount).map {
                ParameterizedStatement(statement: "SELECT * FROM items WHERE pk = 'bank' AND sk = \($0)")
            }
            let input = ExecuteTransactionInput(transactStatements: statements)
            return try await service.executeTransaction(input, context).responses?.compactMap(\.item) ?? []
        default:
            let input = TransactGetItemsInput(
                transactItems: (0..<Self.accountCount).map {
                    TransactGetItem(get: Get(key: item(Self.key($0)), tableName: ItemFixture.table))
                })
            return try await service.transactGetItems(input, context).responses?.compactMap(\.item) ?? []
        }
    }
}
