internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel

/// Executes statements concurrently, each with its own result or error.
struct PartiQLBatch: Sendable {
    let service: DynamoDBService
    let consumed: ReturnConsumedCapacity?
    let context: RequestContext

    struct Outcome: Sendable {
        var response: BatchStatementResponse
        var consumption: Consumption?
    }

    /// A statement, or the error in it.
    typealias Member = (call: Result<PartiQLCall, ServiceError>, isConsistent: Bool)

    /// All concurrently, so that writes share a group commit; the model allows 25.
    func run(_ members: [Member]) async -> [Outcome] {
        await withTaskGroup(of: (index: Int, outcome: Outcome).self) { group in
            for (index, member) in members.enumerated() {
                group.addTask { (index, await self.outcome(member)) }
            }
            var outcomes: [(index: Int, outcome: Outcome)] = []
            for await outcome in group { outcomes.append(outcome) }
            return outcomes.sorted { $0.index < $1.index }.map(\.outcome)
        }
    }

    /// A separate function, as in BatchWriteItem: a closure that catches the typed error itself is miscompiled.
    private func outcome(_ member: Member) async -> Outcome {
        let call: PartiQLCall
        switch member.call {
        case .success(let read): call = read
        case .failure(let error): return Outcome(response: BatchStatementResponse(error: Self.error(error)))
        }
        let table = call.statement.source.table
        do throws(ServiceError) {
            let answer = try await self.answer(call, isConsistent: member.isConsistent)
            return Outcome(
                response: BatchStatementResponse(tableName: table, item: answer.items.first),
                consumption: answer.consumption
            )
        } catch {
            // A missing table is not named.
            let isNamed = error.code != "ResourceNotFoundException"
            return Outcome(
                response: BatchStatementResponse(error: Self.error(error), tableName: isNamed ? table : nil)
            )
        }
    }

    private func answer(_ call: PartiQLCall, isConsistent: Bool) async throws(ServiceError) -> PartiQLAnswer {
        let table = call.statement.source.table
        let reference = try TableReference(table, self.context)
        let consumption = Consumption(table, for: self.consumed)
        guard case .select(let select) = call.statement else {
            return try await self.service.write(call, reference, consumption, self.context)
        }
        let descriptor = try await self.service.items.table(reference).descriptor
        let key = try call.readKey(
            select, descriptor,
            "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
        )
        let consistency: CapacityUnits.ReadConsistency = isConsistent ? .strong : .eventual
        let found = try await self.service.items.read(reference, key: key, consistency)
        var answer = PartiQLAnswer(consumption: consumption)
        answer.consumption.add(CapacityUnits.read(found.item, consistency))
        if let item = found.item { answer.items = [select.row(item)] }
        return answer
    }

    private static func error(_ error: ServiceError) -> BatchStatementError {
        let code: BatchStatementErrorCodeEnum
        switch error.code {
        case "ConditionalCheckFailedException": code = .conditionalCheckFailed
        case "DuplicateItemException": code = .duplicateItem
        case "ValidationException": code = .validationError
        case "ResourceNotFoundException": code = .resourceNotFound
        case "TransactionConflictException": code = .transactionConflict
        case "ProvisionedThroughputExceededException": code = .provisionedThroughputExceeded
        case "ThrottlingException": code = .throttlingError
        case "AccessDeniedException": code = .accessDenied
        default: code = .internalServerError
        }
        let failed = error.detail as? ConditionalCheckFailedException
        return BatchStatementError(code: code, message: error.message, item: failed?.item)
    }
}
