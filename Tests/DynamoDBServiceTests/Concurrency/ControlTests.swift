import Testing

struct ControlTests {
    @Test(arguments: (0..<16).map { 0xE400 + $0 } as [UInt64])
    func `whatever is asked of tables at once, and whenever the process ends, nothing is stuck or left behind`(
        _ own: UInt64
    ) async throws {
        let simulation = Simulation(own)
        try await simulation.run {
            let run = ControlRun(simulation)
            for generation in 0..<4 { await run.work(endsByItself: generation == 3) }
            try await run.verify()
        }
    }
}
