import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import KeyValueConformance
import Primitives
import ServiceModel
import Testing

/// Whatever is written while indexes come and go, backups are made, items expire and processes end: indexes, stream,
/// backups and table say the same.
struct AgreementTests {
    @Test(arguments: (0..<16).map { 0xE300 + $0 } as [UInt64])
    func `indexes, stream, backups and table agree`(_ own: UInt64) async throws {
        let simulation = Simulation(own)
        try await simulation.run {
            let run = AgreementRun(simulation)
            try await run.begin()
            for generation in 0..<3 { try await run.work(generation, endsByItself: generation == 2) }
            try await run.verify()
        }
    }
}
