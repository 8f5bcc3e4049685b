internal import ServiceModel

extension ServiceError {
    /// The code by which query protocols name the error: its own, else the model's, else that of all protocols.
    func queryCode(in operation: OperationSchema?) -> String {
        if let own = self.queryCode { return own }
        let modelled = operation?.errors.first { $0.name == self.code }
        return modelled?.traits.error?.queryCode ?? self.code
    }
}
