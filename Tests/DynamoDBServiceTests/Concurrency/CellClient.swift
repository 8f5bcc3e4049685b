import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValueConformance
import ServiceModel
import Testing

/// Asks for items that hold one number, in every way that the API has, and takes down what it is answered.
struct CellClient: Sendable {
    typealias Recorder = HistoryRecorder<CellModel.Call, CellModel.Answer>

    let calls: any ItemCalls
    let recorder: Recorder
    let cellCount: Int
    /// What is written is never written twice: values begin here.
    let firstValue: Int
    /// Named where something is wrong.
    let note: String

    /// What a way of asking is as a call of the model, and how it is asked.
    private struct Request {
        let call: CellModel.Call
        let send: (any ItemCalls) async throws(ServiceError) -> CellModel.Answer

        init(
            _ call: CellModel.Call, _ send: @escaping (any ItemCalls) async throws(ServiceError) -> CellModel.Answer
        ) {
            self.call = call
            self.send = send
        }
    }

    private struct Dice {
        var generator: SeededGenerator
        var value: Int
        /// What this client believes the cells to hold.
        var believed: [Int?]

        mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self.generator) }

        mutating func next() -> Int {
            self.value += 1
            return self.value
        }
    }

    /// Asks so often, one after another, until a request gets no answer.
    func run(_ count: Int, _ generator: SeededGenerator, togetherEighths: Int = 0) async {
        var dice = Dice(
            generator: generator, value: self.firstValue, believed: Array(repeating: nil, count: self.cellCount))
        for _ in 0..<count {
            let isTogether = dice.below(8) < togetherEighths
            let request = isTogether ? self.together(&dice) : self.single(&dice)
            guard await self.send(request, &dice) else { return }
        }
    }

    /// - Returns: false where no answer came.
    private func send(_ request: Request, _ dice: inout Dice) async -> Bool {
        let begin = self.recorder.moment()
        do throws(ServiceError) {
            let answer = try await request.send(self.calls)
            self.recorder.note(request.call, since: begin, answer)
            Self.learn(request.call, answer, &dice.believed)
            return true
        } catch {
            switch Refusal(error) {
            case .conditionFailed(let item):
                let seen: [Int?]? = item.map { [Self.number($0)] }
                self.recorder.note(request.call, since: begin, .refused(seen: seen))
                if let seen, case .write(let writes) = request.call { dice.believed[writes[0].cell] = seen[0] }
            case .conflict: break
            case .unanswered:
                if case .write = request.call { self.recorder.note(request.call, since: begin, nil) }
                return false
            case .other(let error):
                Issue.record("\(self.note): \(request.call) was refused with \(error)")
            }
            return true
        }
    }

    private static func learn(_ call: CellModel.Call, _ answer: CellModel.Answer, _ believed: inout [Int?]) {
        switch (call, answer) {
        case (.read(let cells), .values(let values)):
            for (cell, value) in zip(cells, values) { believed[cell] = value }
        case (.write(let writes), .done(_, let after?)):
            for (write, value) in zip(writes, after) { believed[write.cell] = value }
        default: break
        }
    }

    // Items

    static func key(_ cell: Int) -> [(String, AttributeValue)] { DynamoDBServiceTests.key("cell", cell) }

    private static func entries(_ cell: Int, _ value: Int) -> [(String, AttributeValue)] {
        self.key(cell) + [("n", int(value))]
    }

    private static func number(_ item: AttributeMap?) -> Int? {
        guard case .n(let number)? = item.map(shown)?["n"] else { return nil }
        return Int(number.text)
    }

    // One cell

    private func single(_ dice: inout Dice) -> Request {
        let cell = dice.below(self.cellCount)
        switch dice.below(16) {
        case 0...3: return self.read(cell, dice.below(6))
        case 4, 5: return self.add(cell, dice.below(2) + 1, isCounted: dice.below(2) == 0)
        case 6: return self.delete(cell)
        case 7: return self.put(cell, dice.next())
        case 8...10: return self.exchange(cell, dice.believed[cell], dice.next(), dice.below(3))
        case 11: return self.statement(cell, dice.next(), dice.below(3))
        case 12: return self.batch(cell, dice.next())
        default: return self.transaction([cell], &dice)
        }
    }

    private func read(_ cell: Int, _ way: Int) -> Request {
        Request(.read([cell])) { (calls) async throws(ServiceError) in
            let key = Self.key(cell)
            let item: AttributeMap?
            switch way {
            case 0:
                item = try await calls.query("pk = :p AND sk = :s", [(":p", key[0].1), (":s", key[1].1)]).items?.first
            case 1:
                let input = BatchGetItemInput(
                    requestItems: [ItemFixture.table: KeysAndAttributes(keys: [DynamoDBServiceTests.item(key)])])
                item = try await calls.service.batchGetItem(input, calls.context).responses?[ItemFixture.table]?.first
            case 2:
                item = try await calls.execute("SELECT * FROM items WHERE pk = 'cell' AND sk = ?", [int(cell)]).items?
                    .first
            case 3: return .values(try await Self.readTogether([cell], calls))
            default: item = try await calls.get(key) { $0.consistentRead = way == 4 }.item
            }
            return .values([Self.number(item)])
        }
    }

    private func add(_ cell: Int, _ amount: Int, isCounted: Bool) -> Request {
        let condition = isCounted ? CellModel.Condition.holdsSomething : .always
        return Request(.write([.init(cell, .add(amount), if: condition)])) { (calls) async throws(ServiceError) in
            let answer = try await calls.update(
                Self.key(cell), isCounted ? "SET n = n + :d" : "ADD n :d", [(":d", int(amount))]
            ) {
                $0.conditionExpression = isCounted ? "attribute_exists(pk)" : nil
                $0.returnValues = .updatedNew
            }
            return .done(after: [Self.number(answer.attributes)])
        }
    }

    private func delete(_ cell: Int) -> Request {
        Request(.write([.init(cell, .remove)])) { (calls) async throws(ServiceError) in
            let answer = try await calls.delete(Self.key(cell)) { $0.returnValues = .allOld }
            return .done(before: [Self.number(answer.attributes)], after: [nil])
        }
    }

    private func put(_ cell: Int, _ value: Int) -> Request {
        Request(.write([.init(cell, .set(value))])) { (calls) async throws(ServiceError) in
            let answer = try await calls.put(Self.entries(cell, value)) { $0.returnValues = .allOld }
            return .done(before: [Self.number(answer.attributes)], after: [value])
        }
    }

    /// Writes if the cell holds what this client believes.
    private func exchange(_ cell: Int, _ believed: Int?, _ value: Int, _ way: Int) -> Request {
        let condition = believed == nil ? "attribute_not_exists(pk)" : "n = :old"
        let values: [(String, AttributeValue)] = believed.map { [(":old", int($0))] } ?? []
        let change = way == 2 && believed != nil ? CellModel.Change.remove : .set(value)
        return Request(.write([.init(cell, change, if: .holds(believed))])) { (calls) async throws(ServiceError) in
            switch (change, way) {
            case (.remove, _):
                try await calls.delete(Self.key(cell)) {
                    $0.conditionExpression = condition
                    $0.expressionAttributeValues = item(values)
                    $0.returnValuesOnConditionCheckFailure = .allOld
                }
                return .done(after: [nil])
            case (_, 0):
                try await calls.update(Self.key(cell), "SET n = :new", values + [(":new", int(value))]) {
                    $0.conditionExpression = condition
                    $0.returnValuesOnConditionCheckFailure = .allOld
                }
            default:
                try await calls.put(Self.entries(cell, value)) {
                    $0.conditionExpression = condition
                    $0.expressionAttributeValues = values.isEmpty ? nil : item(values)
                    $0.returnValuesOnConditionCheckFailure = .allOld
                }
            }
            return .done(after: [value])
        }
    }

    /// Writes of PartiQL have conditions of their own: an item is inserted where none is, and updated where one is.
    private func statement(_ cell: Int, _ value: Int, _ way: Int) -> Request {
        let write: CellModel.Write
        let (text, parameters): (String, [AttributeValue])
        switch way {
        case 0:
            write = .init(cell, .set(value), if: .holds(nil))
            (text, parameters) = ("INSERT INTO items VALUE {'pk': 'cell', 'sk': ?, 'n': ?}", [int(cell), int(value)])
        case 1:
            write = .init(cell, .set(value), if: .holdsSomething)
            (text, parameters) = ("UPDATE items SET n = ? WHERE pk = 'cell' AND sk = ?", [int(value), int(cell)])
        default:
            write = .init(cell, .remove)
            (text, parameters) = ("DELETE FROM items WHERE pk = 'cell' AND sk = ?", [int(cell)])
        }
        return Request(.write([write])) { (calls) async throws(ServiceError) in
            try await calls.execute(text, parameters)
            return .done()
        }
    }

    private func batch(_ cell: Int, _ value: Int) -> Request {
        Request(.write([.init(cell, .set(value))])) { (calls) async throws(ServiceError) in
            let request = WriteRequest(putRequest: PutRequest(item: item(Self.entries(cell, value))))
            _ = try await calls.service.batchWriteItem(
                BatchWriteItemInput(requestItems: [ItemFixture.table: [request]]), calls.context)
            return .done(after: [value])
        }
    }

    // Several cells

    private func together(_ dice: inout Dice) -> Request {
        let cells = Array(0..<self.cellCount).shuffled(using: &dice.generator).prefix(1 + dice.below(self.cellCount))
        if dice.below(3) == 0 {
            return Request(.read(Array(cells))) { (calls) async throws(ServiceError) in
                .values(try await Self.readTogether(Array(cells), calls))
            }
        }
        return self.transaction(Array(cells), &dice)
    }

    private static func readTogether(_ cells: [Int], _ calls: any ItemCalls) async throws(ServiceError) -> [Int?] {
        let input = TransactGetItemsInput(
            transactItems: cells.map {
                TransactGetItem(get: Get(key: item(Self.key($0)), tableName: ItemFixture.table))
            })
        let answer = try await calls.service.transactGetItems(input, calls.context)
        return (answer.responses ?? []).map { Self.number($0.item) }
    }

    private func transaction(_ cells: [Int], _ dice: inout Dice) -> Request {
        var writes: [CellModel.Write] = []
        var actions: [TransactWriteItem] = []
        for cell in cells {
            let believed = dice.believed[cell]
            let isConditional = dice.below(3) == 0
            let (write, action) = Self.action(
                cell, dice.below(4), dice.next(), believed, isConditional: isConditional)
            writes.append(write)
            actions.append(action)
        }
        let token = dice.below(2) == 0 ? "token-\(dice.next())" : nil
        let sent = actions
        return Request(.write(writes)) { (calls) async throws(ServiceError) in
            let input = TransactWriteItemsInput(transactItems: sent, clientRequestToken: token)
            _ = try await calls.service.transactWriteItems(input, calls.context)
            // Sent again, as a client does whose answer was lost: it is done once.
            if token != nil { _ = try await calls.service.transactWriteItems(input, calls.context) }
            return .done()
        }
    }

    private static func action(
        _ cell: Int, _ kind: Int, _ value: Int, _ believed: Int?, isConditional: Bool
    ) -> (CellModel.Write, TransactWriteItem) {
        let table = ItemFixture.table
        let condition = believed == nil ? "attribute_not_exists(pk)" : "n = :old"
        var values: [(String, AttributeValue)] = []
        if let believed, isConditional || kind == 0 { values.append((":old", int(believed))) }
        let wanted: CellModel.Condition = isConditional ? .holds(believed) : .always
        func given(_ values: [(String, AttributeValue)]) -> AttributeMap? { values.isEmpty ? nil : item(values) }
        switch kind {
        case 0:
            let check = ConditionCheck(
                key: item(Self.key(cell)), tableName: table, conditionExpression: condition,
                expressionAttributeValues: given(values))
            return (.init(cell, .none, if: .holds(believed)), TransactWriteItem(conditionCheck: check))
        case 1:
            let update = Update(
                key: item(Self.key(cell)), updateExpression: "ADD n :d", tableName: table,
                conditionExpression: isConditional ? condition : nil,
                expressionAttributeValues: item(values + [(":d", int(1))]))
            return (.init(cell, .add(1), if: wanted), TransactWriteItem(update: update))
        case 2:
            let delete = Delete(
                key: item(Self.key(cell)), tableName: table, conditionExpression: isConditional ? condition : nil,
                expressionAttributeValues: given(values))
            return (.init(cell, .remove, if: wanted), TransactWriteItem(delete: delete))
        default:
            let put = Put(
                item: item(Self.entries(cell, value)), tableName: table,
                conditionExpression: isConditional ? condition : nil, expressionAttributeValues: given(values))
            return (.init(cell, .set(value), if: wanted), TransactWriteItem(put: put))
        }
    }
}
